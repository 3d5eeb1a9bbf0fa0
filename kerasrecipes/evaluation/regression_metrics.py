"""Metrics of predicted numbers."""

from typing import Any

import numpy as np

NORMAL_95 = 1.959964


def regression_metrics(predictions: Any, labels: Any, deltas: Any) -> Any:
    """Return the metrics of a regression as a dict that JSON can hold.

    - `mean_absolute_error`: mean over images and targets. `interval`: its 95% confidence interval,
      `mean ± 1.96 · std / sqrt(images)` of the error of an image (`None` for a single image).
    - `loss`: Huber loss of errors divided by `deltas`.
    - `absolute_error`, `root_mean_squared_error`, `r2`: lists, one value a target; `r2` is `None`
      where the labels are all the same.

    Args:
        predictions: Array `(images, targets)`.
        labels: Array `(images, targets)`.
        deltas: Array `(targets,)`, the scale of each target, from which on its loss is linear.

    Example:

    >>> from kerasrecipes.evaluation import regression_metrics
    >>> metrics = regression_metrics([[1.0], [2.0]], [[1.5], [2.5]], [1.0])
    >>> metrics["mean_absolute_error"], metrics["r2"]
    (0.5, [0.0])

    Reference: Huber, 1964, Robust estimation of a location parameter.
    """
    predictions, labels = np.asarray(predictions, "float64"), np.asarray(labels, "float64")
    errors = predictions - labels
    scaled = np.abs(errors / np.asarray(deltas))
    by_image = np.abs(errors).mean(axis=1)
    spread = ((labels - labels.mean(axis=0)) ** 2).sum(axis=0)
    squares = (errors**2).sum(axis=0)
    mean, half = by_image.mean(), None
    if len(labels) > 1:
        half = NORMAL_95 * by_image.std(ddof=1) / np.sqrt(len(labels))
    return {
        "mean_absolute_error": float(mean),
        "interval": None if half is None else [float(mean - half), float(mean + half)],
        "loss": float(np.mean(np.where(scaled < 1, scaled**2 / 2, scaled - 0.5))),
        "images": len(labels),
        "absolute_error": np.abs(errors).mean(axis=0).tolist(),
        "root_mean_squared_error": np.sqrt((errors**2).mean(axis=0)).tolist(),
        "r2": [float(1 - s / t) if t else None for s, t in zip(squares, spread)],
    }
