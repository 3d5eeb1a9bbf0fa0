"""Numbers of an image: head, loss, metrics and figures."""

import dataclasses
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes.evaluation.charts import scatter_figure
from kerasrecipes.evaluation.figures import image_grid, shorten
from kerasrecipes.evaluation.not_finite_sentence import not_finite_sentence
from kerasrecipes.evaluation.pick import pick_in_order
from kerasrecipes.evaluation.regression_metrics import regression_metrics

SHOWN = 32
HEADER = ("Target", "Mean absolute error", "Root of mean squared error", "R²")


@dataclasses.dataclass(frozen=True)
class RegressionTask:
    """What depends on the kind of labels, for one number an image or several.

    Args:
        mean, std: tuples of floats, of the training labels. The head predicts standardised numbers,
            which `head` turns into those of the user.

    Attributes and methods: those of `ClassesTask`.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    name = "regression"
    activation = "linear"
    headline, title = "mean_absolute_error", "MAE"
    by_class = ("absolute_error", "root_mean_squared_error", "r2")
    thresholds = None

    def one_hot(self, images: Any) -> Any:
        return None

    def loss(self, label_smoothing: float = 0.0) -> Any:
        """Return the Huber loss of errors in units of the standard deviation."""
        std = np.float32(self.std)

        def huber(labels, predictions):
            return keras.losses.huber(labels / std, ops.cast(predictions, "float32") / std)

        return huber

    def compiled_metrics(self) -> Any:
        return [keras.metrics.MeanAbsoluteError(name="mean_absolute_error")]

    def head(self, model: Any) -> Any:
        """Return the model with its standardised numbers in the units of the labels."""
        units = keras.layers.Rescaling(
            list(self.std), list(self.mean), dtype="float32", name="units"
        )
        return keras.Model(model.inputs[0], units(model.outputs[0]), name=model.name)

    def head_weights(self, kernel: Any, bias: Any) -> Any:
        """Return the weights of the head that predict as a linear regression does."""
        std = np.asarray(self.std, "float32")
        return [kernel / std, (bias - np.asarray(self.mean, "float32")) / std]

    def metrics(self, predictions: Any, labels: Any) -> Any:
        return regression_metrics(predictions, labels, self.std)

    def fitted(self, predictions: Any, labels: Any) -> Any:
        return self

    def caption(self, class_names: Any, label: Any) -> str:
        return ", ".join(f"{value:.4g}" for value in label)

    def figures(self, images: Any, result: Any, crop: Any) -> Any:
        figure = scatter_figure(result.probabilities, result.labels, images.class_names)
        return {
            "predictions": ("Predicted and true numbers of the test images.", figure),
            "mistakes": ("The largest errors.", self._mistakes(images, result, crop)),
        }

    def sentence(self, metrics: Any) -> str:
        between = ""
        if metrics["interval"] is not None:
            low, high = metrics["interval"]
            between = f" (95% confidence interval: {low:.4g} to {high:.4g})"
        return (
            f"Mean absolute error {metrics['mean_absolute_error']:.4g}{between} on "
            f"{metrics['images']} test images"
        )

    def remarks(self, result: Any) -> list[str]:
        return [s for s in (not_finite_sentence(result.probabilities),) if s]

    def table(self, images: Any, result: Any) -> Any:
        metrics = self.metrics(result.probabilities, result.labels)
        rows = [
            [
                name,
                *(
                    "none" if (v := metrics[key][place]) is None else f"{v:.4g}"
                    for key in self.by_class
                ),
            ]
            for place, name in enumerate(images.class_names)
        ]
        return "Targets", HEADER, rows

    def worst(self, result: Any, count: int) -> Any:
        """Return the indices of the largest errors, in units of the standard deviation."""
        errors = np.abs((result.probabilities - result.labels) / np.asarray(self.std)).max(axis=1)
        return np.argsort(-errors, kind="stable")[:count]

    def _mistakes(self, images, result, crop):
        worst = self.worst(result, SHOWN)
        pixels = pick_in_order(images.test or images.validation, worst, crop)
        captions = [
            shorten(self.caption((), result.probabilities[index]), 18)
            + "\nis "
            + shorten(self.caption((), result.labels[index]), 16)
            for index in worst
        ]
        title = f"The largest errors in {len(result.labels)} test images"
        return image_grid(pixels, captions, title)
