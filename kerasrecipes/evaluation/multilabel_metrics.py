"""Metrics of several labels an image, from one probability for each label."""

from typing import Any

import numpy as np


def average_precision(probabilities: Any, labels: Any) -> Any:
    """Return the average precision of each label: `sum_n (R_n - R_(n-1)) · P_n`.

    `P_n` and `R_n` are precision and recall at the n-th largest different probability, as in
    scikit-learn's `average_precision_score`; nothing is interpolated. NaN for a label that no image
    has, or with a probability that is not finite.

    Args:
        probabilities: Array `(images, labels)`.
        labels: Array `(images, labels)` of 0 and 1.

    Returns:
        float64 array `(labels,)`.

    Example:

    >>> from kerasrecipes.evaluation import average_precision
    >>> average_precision([[0.9], [0.8], [0.3]], [[1], [0], [1]]).round(4).tolist()
    [0.8333]
    """
    probabilities, labels = np.asarray(probabilities, "float64"), np.asarray(labels) > 0.5
    return np.array([_average_precision(*column) for column in zip(probabilities.T, labels.T)])


def best_thresholds(probabilities: Any, labels: Any) -> Any:
    """Return the threshold of each label at which its F1 is highest; choose them on validation.

    A label is predicted from its threshold on. A threshold lies in the middle between two
    probabilities, so that it does not hang on the last digit of one; of several, the highest. A
    label that no image has, or that all have, or with a probability that is not finite, keeps 0.5.

    Args:
        probabilities: Array `(images, labels)`.
        labels: Array `(images, labels)` of 0 and 1.

    Returns:
        float64 array `(labels,)`.

    Example:

    >>> from kerasrecipes.evaluation import best_thresholds
    >>> best_thresholds([[0.9], [0.4], [0.1]], [[1], [1], [0]]).tolist()
    [0.25]
    """
    probabilities, labels = np.asarray(probabilities, "float64"), np.asarray(labels) > 0.5
    return np.array([_best_threshold(*column) for column in zip(probabilities.T, labels.T)])


def multilabel_metrics(probabilities: Any, labels: Any, thresholds: Any) -> Any:
    """Return the metrics of several labels an image as a dict that JSON can hold.

    - `mean_average_precision`: mean of `average_precision` over the labels that some image has.
    - `loss`: binary cross-entropy, probabilities at least 1e-7 from 0 and 1 as in Keras.
    - `f1`, `precision`, `recall`, `average_precision`: lists, one value a label. A precision
      without predictions, and what a label without images has not, are `None`; F1 is then 0 or
      `None`.
    - `macro_f1`: mean of the F1 that are not `None`. `micro_f1`: of all labels together.
    - `exact`: fraction of images whose labels are all right.

    A probability that is not finite predicts nothing and makes `exact` wrong for its image, and
    `mean_average_precision` and `loss` NaN.

    Args:
        probabilities: Array `(images, labels)`.
        labels: Array `(images, labels)` of 0 and 1.
        thresholds: Array `(labels,)`; a label is predicted from its threshold on.

    Example:

    >>> from kerasrecipes.evaluation import multilabel_metrics
    >>> metrics = multilabel_metrics([[0.9, 0.2], [0.6, 0.7]], [[1, 0], [0, 1]], [0.5, 0.5])
    >>> metrics["mean_average_precision"], metrics["precision"], metrics["exact"]
    (1.0, [0.5, 1.0], 0.5)

    Reference: Zhang & Zhou, 2014, A review on multi-label learning algorithms; F1 as in
        scikit-learn's `f1_score`.
    """
    p, labels = np.asarray(probabilities, "float64"), np.asarray(labels) > 0.5
    predicted = np.isfinite(p) & (p >= np.asarray(thresholds))
    hits = (predicted & labels).sum(axis=0)
    clipped = np.where(np.isfinite(p), np.clip(p, 1e-7, 1 - 1e-7), np.nan)
    precisions = average_precision(p, labels)
    f1 = _ratios(2 * hits, predicted.sum(axis=0) + labels.sum(axis=0))
    return {
        "mean_average_precision": _mean(precisions[labels.any(axis=0)]),
        "macro_f1": _mean([value for value in f1 if value is not None]),
        "micro_f1": _ratios([2 * hits.sum()], [predicted.sum() + labels.sum()])[0] or 0.0,
        "exact": float(((predicted == labels) & np.isfinite(p)).all(axis=1).mean()),
        "loss": float(-np.mean(np.log(np.where(labels, clipped, 1 - clipped)))),
        "images": len(labels),
        "average_precision": [None if np.isnan(value) else float(value) for value in precisions],
        "f1": f1,
        "precision": _ratios(hits, predicted.sum(axis=0)),
        "recall": _ratios(hits, labels.sum(axis=0)),
        "thresholds": [float(value) for value in thresholds],
    }


def _average_precision(probabilities, labels):
    if not labels.any() or not np.isfinite(probabilities).all():
        return np.nan
    hits, count, _ = _ranked(probabilities, labels)
    recall = hits / labels.sum()
    return float(np.sum(np.diff(recall, prepend=0) * hits / count))


def _best_threshold(probabilities, labels):
    if labels.all() or not labels.any() or not np.isfinite(probabilities).all():
        return 0.5
    hits, count, values = _ranked(probabilities, labels)
    best = int(np.argmax(2 * hits / (count + labels.sum())))
    below = values[best + 1] if best + 1 < len(values) else 0.0
    return float((values[best] + below) / 2)


def _ranked(probabilities, labels):
    """Hits and predictions from each different probability on, and those, the largest first."""
    order = np.argsort(-probabilities, kind="stable")
    values, labels = probabilities[order], labels[order]
    ends = np.flatnonzero(np.diff(values, append=-np.inf))
    return np.cumsum(labels)[ends], ends + 1, values[ends]


def _ratios(parts, totals):
    return [float(part / total) if total else None for part, total in zip(parts, totals)]


def _mean(values):
    return float(np.mean(values)) if len(values) else float("nan")
