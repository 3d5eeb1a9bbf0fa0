"""How good a trained classifier is: metrics, test protocols, figures.

- `run_tests`, `TestResult`: testing by several protocols, with their cost.
- `classification_metrics`, `confusion_matrix`: figures from probabilities and labels.
- `how_good`, `winner`: a test, and two tests, in a sentence that says what chance leaves open.
- `samples_figure`, `mistakes_figure`: the images of a run, as pictures.
- `history_figure`, `confusion_figure`, `calibration_figure`, `predictions_figure`,
  `probe_figure`, `image_grid`: pictures of plain arrays.
- `figure_png`: a picture as bytes.
"""

from kerasrecipes.evaluation.figures import (
    calibration_figure,
    confusion_figure,
    figure_png,
    history_figure,
    image_grid,
    predictions_figure,
    probe_figure,
)
from kerasrecipes.evaluation.how_good import how_good
from kerasrecipes.evaluation.image_figures import mistakes_figure, samples_figure
from kerasrecipes.evaluation.metrics import classification_metrics, confusion_matrix
from kerasrecipes.evaluation.testing import TestResult, run_tests
from kerasrecipes.evaluation.winner import winner

__all__ = [
    "TestResult",
    "calibration_figure",
    "classification_metrics",
    "confusion_figure",
    "confusion_matrix",
    "figure_png",
    "history_figure",
    "how_good",
    "image_grid",
    "mistakes_figure",
    "predictions_figure",
    "probe_figure",
    "run_tests",
    "samples_figure",
    "winner",
]
