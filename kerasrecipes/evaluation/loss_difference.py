"""The difference of two classifiers' losses on the same images."""

from typing import Any

import numpy as np

from kerasrecipes.evaluation.mean_interval import mean_interval
from kerasrecipes.evaluation.metrics import image_losses


def loss_difference(first: Any, second: Any) -> Any:
    """Return the difference of two negative log-likelihoods, with its 95% confidence interval.

    `mean over images of (log p_first - log p_second)`, with the probabilities p of the true class,
    at least 1e-7: below 0 if the second is better. The loss sees what accuracy does not, so that it
    tells smaller differences apart.

    Args:
        first: A `TestResult` of classes, the baseline.
        second: A `TestResult` on the same images in the same order.

    Returns:
        `MeanInterval(mean, low, high)`, in nats, by `mean_interval` of the images' differences.

    Raises:
        ValueError: If the labels differ, so that the images are not the same.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.evaluation import TestResult, loss_difference
    >>> labels = np.zeros(3, int)
    >>> one = TestResult("one", 1, np.array([[0.5, 0.5], [0.4, 0.6], [0.9, 0.1]]), labels, 1.0)
    >>> other = TestResult("other", 1, np.array([[0.6, 0.4], [0.5, 0.5], [0.9, 0.1]]), labels, 1.0)
    >>> [round(value, 3) for value in loss_difference(one, other)]
    [-0.135, -0.43, 0.16]
    """
    labels = np.asarray(first.labels)
    if not np.array_equal(labels, second.labels):
        raise ValueError(
            "Argument `second` must be a test on the images of `first`, in the same order. "
            f"Received: tests of {len(labels)} and {len(second.labels)} images with other labels"
        )
    losses = [
        image_losses(np.asarray(one.probabilities, "float64"), labels) for one in (first, second)
    ]
    return mean_interval(losses[1] - losses[0])
