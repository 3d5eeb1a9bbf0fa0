"""Evaluation of a trained classifier: metrics, test protocols, figures.

- `task_of`: what depends on the kind of labels (`ClassesTask`, `MultilabelTask`, `RegressionTask`).
- `run_tests`, `TestResult`: accuracy, loss and speed by several test protocols.
- `classification_metrics`, `confusion_matrix`: metrics from probabilities and labels.
- `multilabel_metrics`, `average_precision`, `best_thresholds`: of several labels an image.
- `regression_metrics`: of predicted numbers.
- `pixel_baselines`: nearest neighbours and linear classifiers, which a network must beat.
- `nearest_neighbours`: the class of the nearest training examples, by L1 or L2 distance.
- `templates_figure`: the weights of linear classifiers as images.
- `calibration_sentence`: by how much the confidence is off, if the images are enough to tell.
- `how_good`: a sentence on the test accuracy, with its 95% confidence interval.
- `paired_test`, `PairedTest`: two classifiers on the same images, by McNemar's exact test.
- `loss_difference`: two classifiers on the same images, by their losses.
- `mean_interval`, `MeanInterval`: a mean with its 95% confidence interval, such as over seeds.
- `winner`: a sentence that compares two tests on the same images.
- `samples_figure`, `samples_title`, `right_figure`, `mistakes_figure`: training images, right and
  wrong predictions.
- `history_figure`, `confusion_figure`, `calibration_figure`, `predictions_figure`,
  `probe_figure`, `label_scores_figure`, `scatter_figure`, `explanation_figure`,
  `intervals_figure`, `image_grid`: figures of arrays.
- `depth_figure`, `DepthCurve`: what becomes of a quantity from layer to layer.
- `thumbnail`: an image shrunk with antialiasing.
- `figure_png`, `image_png`: a figure, or an image, as the bytes of a PNG file.
"""

from kerasrecipes.evaluation.baselines import pixel_baselines
from kerasrecipes.evaluation.calibration_sentence import calibration_sentence
from kerasrecipes.evaluation.charts import (
    calibration_figure,
    confusion_figure,
    label_scores_figure,
    probe_figure,
    scatter_figure,
)
from kerasrecipes.evaluation.classes_task import ClassesTask
from kerasrecipes.evaluation.curves import history_figure
from kerasrecipes.evaluation.depth_figure import DepthCurve, depth_figure
from kerasrecipes.evaluation.figures import (
    explanation_figure,
    figure_png,
    image_grid,
    image_png,
    predictions_figure,
)
from kerasrecipes.evaluation.how_good import how_good
from kerasrecipes.evaluation.image_figures import (
    mistakes_figure,
    right_figure,
    samples_figure,
    samples_title,
    thumbnail,
)
from kerasrecipes.evaluation.intervals_figure import intervals_figure
from kerasrecipes.evaluation.loss_difference import loss_difference
from kerasrecipes.evaluation.mean_interval import MeanInterval, mean_interval
from kerasrecipes.evaluation.metrics import classification_metrics, confusion_matrix
from kerasrecipes.evaluation.multilabel_metrics import (
    average_precision,
    best_thresholds,
    multilabel_metrics,
)
from kerasrecipes.evaluation.multilabel_task import MultilabelTask
from kerasrecipes.evaluation.nearest_neighbours import nearest_neighbours
from kerasrecipes.evaluation.paired_test import PairedTest, paired_test
from kerasrecipes.evaluation.regression_metrics import regression_metrics
from kerasrecipes.evaluation.regression_task import RegressionTask
from kerasrecipes.evaluation.task_of import task_of
from kerasrecipes.evaluation.templates_figure import templates_figure
from kerasrecipes.evaluation.testing import TestResult, run_tests
from kerasrecipes.evaluation.winner import winner

__all__ = [
    "ClassesTask",
    "DepthCurve",
    "MeanInterval",
    "MultilabelTask",
    "PairedTest",
    "RegressionTask",
    "TestResult",
    "average_precision",
    "best_thresholds",
    "calibration_figure",
    "calibration_sentence",
    "classification_metrics",
    "confusion_figure",
    "confusion_matrix",
    "depth_figure",
    "explanation_figure",
    "figure_png",
    "history_figure",
    "how_good",
    "image_grid",
    "image_png",
    "intervals_figure",
    "label_scores_figure",
    "loss_difference",
    "mean_interval",
    "mistakes_figure",
    "multilabel_metrics",
    "nearest_neighbours",
    "paired_test",
    "pixel_baselines",
    "predictions_figure",
    "probe_figure",
    "regression_metrics",
    "right_figure",
    "run_tests",
    "samples_figure",
    "samples_title",
    "scatter_figure",
    "task_of",
    "templates_figure",
    "thumbnail",
    "winner",
]
