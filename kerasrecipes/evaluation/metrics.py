"""Metrics of a classifier from its probabilities."""

from typing import Any

import numpy as np

from kerasrecipes.inference import expected_calibration_error


def classification_metrics(probabilities: Any, labels: Any) -> Any:
    """Return accuracy, top-5 accuracy, loss, calibration error, and precision and recall per class.

    `loss = -mean(log p_label)`, with p at least 1e-7 as in Keras. Top-5 accuracy is included with
    more than five classes. The precision of a class that was never predicted and the recall of a
    class without images are `None`. `calibration_error` is
    `inference.expected_calibration_error` with 15 bins, and NaN if any probability is not finite;
    the prediction of such an image is wrong.

    Args:
        probabilities: Array `(images, classes)`.
        labels: Integer array `(images,)`.

    Returns:
        dict of numbers and lists that JSON can hold.

    Example:

    >>> from kerasrecipes.evaluation import classification_metrics
    >>> import numpy as np
    >>> metrics = classification_metrics(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 1]))
    >>> metrics["accuracy"], metrics["recall"], metrics["precision"]
    (0.5, [1.0, 0.0], [0.5, None])
    """
    probabilities, labels = np.asarray(probabilities, "float64"), np.asarray(labels)
    classes = probabilities.shape[1]
    matrix, predicted = confusion_matrix(probabilities, labels), predicted_classes(probabilities)
    metrics = {
        "accuracy": float(np.mean(predicted == labels)),
        "loss": float(np.mean(image_losses(probabilities, labels))),
        "calibration_error": _calibration_error(probabilities, labels),
        "images": int(len(labels)),
        "precision": _ratios(np.diag(matrix), matrix.sum(axis=0)),
        "recall": _ratios(np.diag(matrix), np.bincount(labels, minlength=classes)),
    }
    if classes > 5:
        best = np.argsort(-probabilities, axis=1, kind="stable")[:, :5]
        among = (best == labels[:, None]).any(axis=1) & (predicted >= 0)
        metrics["top_5_accuracy"] = float(np.mean(among))
    return metrics


def confusion_matrix(probabilities: Any, labels: Any) -> Any:
    """Return the counts of images by true class (row) and predicted class (column).

    Images whose probabilities are not finite are not counted.

    Args:
        probabilities: float array `(images, classes)`.
        labels: int array `(images,)`.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.evaluation import confusion_matrix
    >>> confusion_matrix(np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]]), [0, 1, 1]).tolist()
    [[1, 0], [1, 1]]
    """
    classes, predicted = probabilities.shape[1], predicted_classes(probabilities)
    matrix, finite = np.zeros((classes, classes), "int64"), predicted >= 0
    np.add.at(matrix, (np.asarray(labels)[finite], predicted[finite]), 1)
    return matrix


def image_losses(probabilities, labels):
    """Return the negative log-likelihood of each image, of probabilities of at least 1e-7."""
    return -np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-7))


def predicted_classes(probabilities):
    """Return the likeliest class of each image, -1 where a probability is not finite."""
    finite = np.isfinite(probabilities).all(axis=1)
    return np.where(finite, np.argmax(probabilities, axis=1), -1)


def confident_mistakes(probabilities, labels, count):
    """Return the indices of at most `count` wrong predictions, the most confident first."""
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted_classes(probabilities) != labels)
    order = np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")
    return wrong[order][:count]


def most_confused(matrix):
    """Return, per true class, the wrong class predicted most often, or `None`.

    >>> most_confused(np.array([[5, 2, 0], [0, 4, 0], [1, 3, 6]]))
    [1, None, 1]
    """
    wrong = np.where(np.eye(len(matrix), dtype=bool), 0, matrix)
    return [int(row.argmax()) if row.any() else None for row in wrong]


def _calibration_error(probabilities, labels):
    if not np.isfinite(probabilities).all():
        return float("nan")
    return expected_calibration_error(probabilities, labels)


def _ratios(parts, totals):
    return [float(part / total) if total else None for part, total in zip(parts, totals)]
