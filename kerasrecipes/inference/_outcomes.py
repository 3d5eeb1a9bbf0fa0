"""Checks of the predictions and labels of a classifier."""

import numpy as np


def checked_outcomes(probabilities, labels, from_logits=False):
    """Return probabilities (or logits) as float64 `(n, classes)` and labels as int64 `(n,)`.

    Raises:
        ValueError: If shapes do not match, a value is not finite, rows do not sum to 1, or a label
            is out of range.
        TypeError: If labels are not integers.
    """
    name = "scores" if from_logits else "probabilities"
    values, labels = np.asarray(probabilities, "float64"), np.asarray(labels)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(
            f"Argument `{name}` must be of shape (examples, classes), both at least 1. "
            f"Received: shape {values.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(f"Argument `labels` must hold integers. Received: dtype {labels.dtype}")
    if labels.shape != values.shape[:1]:
        raise ValueError(
            f"Argument `labels` must be of shape ({len(values)},), one per example. "
            f"Received: shape {labels.shape}"
        )
    if not np.isfinite(values).all():
        raise ValueError(f"Argument `{name}` must be finite. Received: NaN or infinity")
    if labels.min() < 0 or labels.max() >= values.shape[1]:
        raise ValueError(
            f"Argument `labels` must be in 0..{values.shape[1] - 1}. "
            f"Received: labels from {labels.min()} to {labels.max()}"
        )
    if not from_logits and (values.min() < 0 or np.abs(values.sum(axis=1) - 1).max() > 1e-2):
        raise ValueError(
            "Argument `probabilities` must be at least 0 and sum to 1 per example. "
            f"Received: values from {values.min():.3g} to {values.max():.3g}"
        )
    return values, labels.astype("int64")
