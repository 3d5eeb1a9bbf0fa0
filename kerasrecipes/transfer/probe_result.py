"""Linear classifiers on the stages of a network, with their accuracies."""

import dataclasses
from typing import Any

import numpy as np

COLUMNS = {
    "accuracy (fitted)": "accuracy",
    "accuracy (cross-validated)": "left_out_accuracy",
    "accuracy (validation)": "validation_accuracy",
}


@dataclasses.dataclass(frozen=True, eq=False)
class StageProbe:
    """A linear classifier on the features of one stage of a network, with its accuracies.

    Attributes:
        stage: str, name of the layer.
        regularization: float, the given or chosen strength.
        kernel: float32 array `(features, classes)`, for the unscaled features of the network.
        bias: float32 array `(classes,)`. The probabilities are
            `softmax(features @ kernel + bias)`; `Dense.set_weights([kernel, bias])` makes a head.
        accuracy, loss: floats, on the data that it was fitted to.
        left_out: float32 array `(examples, classes)`, the cross-validation predictions as
            log-probabilities (NaN for the only example of a class), or `None`.
        left_out_accuracy, left_out_loss: floats, in cross-validation, or `None`.
        validation_accuracy, validation_loss: floats, on the validation data, or `None`.
    """

    stage: str
    regularization: float
    kernel: np.ndarray
    bias: np.ndarray
    accuracy: float
    loss: float
    left_out: np.ndarray | None = None
    left_out_accuracy: float | None = None
    left_out_loss: float | None = None
    validation_accuracy: float | None = None
    validation_loss: float | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class ProbeResult:
    """Linear classifiers on the stages of a network, shallow to deep; printed as a table.

    Attributes:
        stages: tuple of `StageProbe`.
        labels: int array `(examples,)`, the labels of the data that they were fitted to, in order.
    """

    stages: tuple[StageProbe, ...]
    labels: np.ndarray

    @property
    def best(self) -> Any:
        """Return the `StageProbe` of the lowest cross-validation, validation or training loss."""
        return min(self.stages, key=_deciding_loss)

    def accuracies(self) -> Any:
        """Return the measured accuracies as a dict of lists, with one value per stage."""
        columns = {
            name: [getattr(probe, key) for probe in self.stages] for name, key in COLUMNS.items()
        }
        return {name: values for name, values in columns.items() if None not in values}

    def summary(self) -> list[dict[str, Any]]:
        """Return the results as a list of dicts for JSON, one per stage."""
        keys = ("stage", "regularization", *COLUMNS.values())
        return [{key: getattr(probe, key) for key in keys} for probe in self.stages]

    def __str__(self):
        accuracies = self.accuracies()
        width = max(len("stage"), *(len(probe.stage) for probe in self.stages))
        head = "".join(f"  {name}" for name in accuracies)
        lines = [f"{'stage':<{width}}  features  regularization{head}"]
        for index, probe in enumerate(self.stages):
            cells = "".join(
                f"  {values[index]:>{len(name)}.4f}" for name, values in accuracies.items()
            )
            lines.append(
                f"{probe.stage:<{width}}  {len(probe.kernel):>8}  {probe.regularization:>14.4g}"
                f"{cells}"
            )
        return "\n".join(lines)


def _deciding_loss(probe):
    losses = (probe.left_out_loss, probe.validation_loss, probe.loss)
    return next(loss for loss in losses if loss is not None)
