"""A linear classifier on the features of one stage, and how good it is."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class StageProbe:
    """What `linear_probe` found at one stage of a network.

    Attributes:
        stage: String, name of the layer.
        regularization: Number, the strength that was given or chosen.
        kernel: Float32 array `(features, classes)`, for features as the network gives them.
        bias: Float32 array `(classes,)`: `softmax(features @ kernel + bias)` are probabilities,
            so that `Dense.set_weights([kernel, bias])` makes a head of it.
        accuracy, loss: Numbers, on the data it was fitted to.
        left_out: Float32 array `(examples, classes)` of the log-probabilities that each example
            had when cross-validation left it out (NaN for the only one of a class), or `None`.
        left_out_accuracy, left_out_loss: Numbers, those of `left_out`, or `None`.
        validation_accuracy, validation_loss: Numbers, on the validation data, or `None`.
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
