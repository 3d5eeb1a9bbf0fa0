"""Expected calibration error: the difference between confidence and accuracy."""

from typing import Any, NamedTuple

import numpy as np

from kerasrecipes._validation import check_integer
from kerasrecipes.inference._outcomes import checked_outcomes

BINS = 15


class Reliability(NamedTuple):
    """The result of `reliability`: one value per bin of confidence.

    Attributes:
        count: int array `(bins,)`, examples.
        confidence: float array `(bins,)`, their mean confidence; NaN in an empty bin.
        accuracy: float array `(bins,)`, the fraction that is right; NaN in an empty bin.
    """

    count: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray


def expected_calibration_error(probabilities: Any, labels: Any, bins: int = BINS) -> float:
    """Return the mean absolute difference between confidence and accuracy.

    ```
    ECE = Σ_b n_b / n · |accuracy_b - confidence_b|
    ```

    over bins of equal width ((b-1)/bins, b/bins] of the confidence, the probability of the
    predicted class. It is 0 if 80% of the predictions with confidence 80% are correct, and so on.
    With few examples it is biased upwards: a perfectly calibrated model has on average 0.13 on 70
    images of 10 classes, and 0.03 on 1,000.

    Args:
        probabilities: array `(examples, classes)`, rows that sum to 1.
        labels: int array `(examples,)`.
        bins: int >= 1. Defaults to 15.

    Returns:
        float in [0, 1].

    Raises:
        ValueError: If shapes do not match, or rows are not probabilities.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.inference import expected_calibration_error
    >>> probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.2, 0.8]])
    >>> round(expected_calibration_error(probabilities, np.array([0, 1, 1, 1])), 3)
    0.3

    Reference: Guo, Pleiss, Sun & Weinberger (2017), https://arxiv.org/abs/1706.04599.
    """
    count, confidence, accuracy = reliability(probabilities, labels, bins)
    filled = count > 0
    gaps = np.abs(accuracy[filled] - confidence[filled])
    return float(np.sum(count[filled] * gaps) / count.sum())


def reliability(probabilities: Any, labels: Any, bins: int = BINS) -> Any:
    """Return count, mean confidence and accuracy of the predictions per bin of confidence.

    Args:
        probabilities: array `(examples, classes)`, rows that sum to 1.
        labels: int array `(examples,)`.
        bins: int >= 1, bins of equal width. Defaults to 15.

    Returns:
        `Reliability(count, confidence, accuracy)`, arrays `(bins,)`; NaN for empty bins.

    Raises:
        ValueError: If shapes do not match, or rows are not probabilities.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.inference import reliability
    >>> probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.1, 0.9]])
    >>> reliability(probabilities, np.array([0, 0, 0]), bins=2).accuracy.round(3)
    array([  nan, 0.667])

    Reference: DeGroot & Fienberg (1983), The Comparison and Evaluation of Forecasters; Guo et al.
        (2017), https://arxiv.org/abs/1706.04599.
    """
    check_integer("bins", bins, "[1, inf)")
    values, labels = checked_outcomes(probabilities, labels)
    confidences = values.max(axis=1)
    correct = values.argmax(axis=1) == labels
    index = bin_of(confidences, bins)
    count = np.bincount(index, minlength=bins)
    sums = [np.bincount(index, weights=part, minlength=bins) for part in (confidences, correct)]
    with np.errstate(invalid="ignore"):
        return Reliability(count, *(total / count for total in sums))


def bin_of(confidences, bins):
    """Return the bin of each confidence, from 0 on."""
    edges = np.arange(1, bins + 1) / bins
    return np.minimum(np.searchsorted(edges, confidences, side="left"), bins - 1)
