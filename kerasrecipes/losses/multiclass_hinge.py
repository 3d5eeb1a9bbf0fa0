"""The multiclass support vector machine loss."""

from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.arithmetic import maximum
from kerasrecipes._backend.stored_value import value_of
from kerasrecipes._validation import check_number


@keras.saving.register_keras_serializable(package="kerasrecipes")
class MulticlassHinge(keras.losses.Loss):
    """Weston-Watkins hinge loss: every wrong class must score a margin below the true class.

    loss = Σ over j ≠ y of max(0, s_j - s_y + margin), per example.

    Args:
        margin: float >= 0, in units of the scores. Defaults to 1.
        reduction: As in `keras.losses.Loss`. Defaults to `"sum_over_batch_size"`.
        name: Defaults to `"multiclass_hinge"`.
        dtype: As in `keras.losses.Loss`.

    Call arguments:
        y_true: The true classes: integers in [0, classes) of shape `(batch, ...)` or
            `(batch, ..., 1)`, or one-hot of the shape of `y_pred`. A compiled graph
            cannot raise: there the loss is NaN for a label out of range or a wrong number of
            labels.
        y_pred: Scores of shape `(batch, ..., classes)`, 2 classes or more.

    Raises:
        ValueError: `margin` is negative, the shapes do not match, or a label is not in
            [0, classes).

    Example:

    >>> from kerasrecipes.losses import MulticlassHinge
    >>> float(MulticlassHinge(margin=10.0)([0], [[13.0, -7.0, 11.0]]))
    8.0

    Reference:
        - Weston & Watkins, Support Vector Machines for Multi-Class Pattern Recognition, 1999,
          https://www.esann.org/sites/default/files/proceedings/legacy/es1999-461.pdf. PyTorch's
          `MultiMarginLoss` divides by the number of classes; Keras's `CategoricalHinge`
          uses the largest wrong score alone.
    """

    def __init__(
        self,
        margin: float = 1.0,
        reduction: str = "sum_over_batch_size",
        name: str = "multiclass_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_number("margin", margin, "[0, inf)")
        self.margin = margin

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        # Before Keras sees the labels: it would squeeze a last axis of size 1.
        y_pred = ops.convert_to_tensor(y_pred)
        y_true = _one_hot(ops.convert_to_tensor(y_true), y_pred)
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y_true = _one_hot(y_true, y_pred)
        true_score = ops.sum(y_true * y_pred, axis=-1, keepdims=True)
        violations = maximum(y_pred - true_score + self.margin, 0) * (1 - y_true)
        return ops.sum(violations, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "margin": self.margin}


def _one_hot(y_true, y_pred):
    shape, scores = tuple(y_true.shape), tuple(y_pred.shape)
    if len(scores) < 1 or scores[-1] is None or scores[-1] < 2:
        raise ValueError(
            "Argument `y_pred` must have a last axis of 2 classes or more. Received: "
            f"y_pred.shape={scores}"
        )
    if len(shape) == len(scores) and shape[-1] == scores[-1]:
        return ops.cast(y_true, y_pred.dtype)
    if len(shape) == len(scores) and shape[-1] == 1:
        y_true, shape = ops.squeeze(y_true, axis=-1), shape[:-1]
    if len(shape) != len(scores) - 1 or not all(map(_agree, shape, scores)):
        raise ValueError(
            "Argument `y_true` must be integers, one per row of scores, or one-hot of the "
            f"shape of the scores {scores}. Received: y_true.shape={shape}"
        )
    return _one_hot_of_labels(y_true, y_pred)


def _one_hot_of_labels(labels, y_pred):
    classes, dtype = y_pred.shape[-1], y_pred.dtype
    numbers = ops.cast(labels, "int32")
    valid = (numbers >= 0) & (numbers < classes)
    for size, other in zip(ops.shape(labels), ops.shape(y_pred)):
        # Sizes that were unknown while tracing may differ: a product would broadcast.
        valid = valid & (size == other)
    if "float" in keras.backend.standardize_dtype(labels.dtype):
        valid = valid & (ops.cast(numbers, labels.dtype) == labels)
    values = value_of(valid)  # `None` inside a compiled graph
    if values is not None and not values.all():
        wrong = value_of(labels)[~values].flatten()[0]
        raise ValueError(
            f"Argument `y_true` must be classes in [0, {classes}). Received: y_true with {wrong}"
        )
    one_hot = ops.one_hot(ops.clip(numbers, 0, classes - 1), classes, dtype=dtype)
    return ops.where(valid[..., None], one_hot, ops.cast(float("nan"), dtype))


def _agree(size, other):
    return size is None or other is None or size == other
