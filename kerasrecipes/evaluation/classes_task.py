"""One class an image: head, loss, metrics and figures."""

import dataclasses
from typing import Any

import keras
import numpy as np

from kerasrecipes._printable import printable
from kerasrecipes.evaluation.calibration_sentence import calibration_sentence
from kerasrecipes.evaluation.charts import confusion_figure
from kerasrecipes.evaluation.figures import shorten
from kerasrecipes.evaluation.image_figures import mistakes_figure, right_figure
from kerasrecipes.evaluation.metrics import (
    classification_metrics,
    confident_mistakes,
    confusion_matrix,
    most_confused,
)

HEADER = (
    "Class", "Precision", "Recall", "Training images", "Test images", "Most often confused with",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class ClassesTask:
    """What depends on the kind of labels, for one class an image.

    `MultilabelTask` and `RegressionTask` have the same attributes and methods; `task_of` returns
    the one of a data set.

    Attributes:
        name: str, the `task` of `data.load`.
        activation: str, the activation of the head.
        headline: str, the key of the metric that is reported first; `title`: its name in tables.
        by_class: tuple of the keys of metrics that have a value for each class.
    """

    name = "classes"
    activation = "softmax"
    headline, title = "accuracy", "accuracy"
    by_class = ("precision", "recall")
    thresholds = None

    def one_hot(self, images: Any) -> Any:
        """Return `num_classes` for `augment.pipeline`, `None` for labels that are arrays."""
        return images.num_classes

    def loss(self, label_smoothing: float = 0.0) -> Any:
        """Return the Keras loss of one-hot labels."""
        return keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing)

    def compiled_metrics(self) -> Any:
        """Return the metrics for `compile`."""
        return ["accuracy"]

    def head(self, model: Any) -> Any:
        """Return a model that ends in the head, with what follows the head: here nothing."""
        return model

    def head_weights(self, kernel: Any, bias: Any) -> Any:
        """Return the weights of the head that predict as a linear classifier does."""
        return [kernel, bias]

    def metrics(self, predictions: Any, labels: Any) -> Any:
        """Return the metrics of a test as a dict that JSON can hold."""
        return classification_metrics(predictions, labels)

    def fitted(self, predictions: Any, labels: Any) -> Any:
        """Return the task with what is chosen on validation data: here nothing."""
        return self

    def caption(self, class_names: Any, label: Any) -> str:
        """Return a label in words."""
        return class_names[int(label)]

    def figures(self, images: Any, result: Any, crop: Any) -> Any:
        """Return the figures of a test: a dict from a name to (caption, Matplotlib figure)."""
        return {
            "right": (
                "Right predictions, evenly spaced over the test images.",
                right_figure(images, result, crop),
            ),
            "mistakes": (
                "The most confident wrong predictions.",
                mistakes_figure(images, result, crop),
            ),
            "confusion": (
                "Test images by true and predicted class.",
                confusion_figure(result.confusion_matrix(), images.class_names),
            ),
        }

    def sentence(self, metrics: Any) -> str:
        """Return the headline of a test in words, up to the number of images."""
        return f"Accuracy {metrics['accuracy']:.2%} on {metrics['images']} test images"

    def remarks(self, result: Any) -> list[str]:
        """Return more sentences on a test."""
        return [sentence for sentence in (calibration_sentence(result),) if sentence]

    def table(self, images: Any, result: Any) -> Any:
        """Return the table of the classes: heading, header, rows of strings."""
        matrix = confusion_matrix(result.probabilities, result.labels)
        metrics = self.metrics(result.probabilities, result.labels)
        names = [printable(name) for name in images.class_names]
        trained = images.class_sizes or [None] * images.num_classes
        tested = np.bincount(result.labels, minlength=images.num_classes)
        rows = []
        for label, confused_with in enumerate(most_confused(matrix)):
            rates = [rate(metrics[key][label]) for key in self.by_class]
            counts = [
                str(trained[label] if trained[label] is not None else ""),
                str(tested[label]),
            ]
            confusion = ""
            if confused_with is not None:
                confusion = f"{names[confused_with]} ({matrix[label, confused_with]})"
            rows.append([names[label], *rates, *counts, confusion])
        return "Classes", HEADER, rows

    def worst(self, result: Any, count: int) -> Any:
        """Return the indices of the most confident mistakes of a test."""
        return confident_mistakes(result.probabilities, result.labels, count)

    def mistake(self, class_names: Any, result: Any, index: int) -> tuple[int, str, str]:
        """Return what an image was mistaken for: the label, and in words the answer and the truth.

        Not of `RegressionTask`.
        """
        predicted = int(result.probabilities[index].argmax())
        name, true = (shorten(class_names[i], 16) for i in (predicted, result.labels[index]))
        return predicted, f"{name} {result.probabilities[index, predicted]:.0%}", true


def rate(value):
    """A fraction in a table; `None` is a fraction of nothing."""
    return "none" if value is None else f"{value:.3f}"
