"""The test accuracy in a sentence, with its confidence interval."""

import math
from typing import Any

from kerasrecipes.evaluation.metrics import predicted_classes

NORMAL_95 = 1.959964


def how_good(result: Any) -> Any:
    """Return a sentence on a test: its accuracy with the 95% confidence interval.

    Args:
        result: A `TestResult`.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.evaluation import TestResult, how_good
    >>> probabilities = np.array([[0.9, 0.1]] * 9 + [[0.2, 0.8]])
    >>> how_good(TestResult("test", 1, probabilities, np.zeros(10, int), 1.0))
    'Test accuracy: 90.0%, 9 of 10 test images (95% confidence interval: 60% to 98%).'
    """
    correct = predicted_classes(result.probabilities) == result.labels
    low, high = wilson_interval(int(correct.sum()), len(correct))
    return (
        f"Test accuracy: {correct.mean():.1%}, {correct.sum()} of {len(correct)} test images "
        f"(95% confidence interval: {low:.0%} to {high:.0%})."
    )


def wilson_interval(successes, count):
    """Return Wilson's 95% confidence interval of a probability, from `successes` of `count`.

    >>> [round(bound, 3) for bound in wilson_interval(9, 10)]
    [0.596, 0.982]

    Reference: Wilson, 1927, Probable inference, the law of succession, and statistical inference.
    """
    fraction, z2 = successes / count, NORMAL_95**2
    centre = fraction + z2 / (2 * count)
    half = NORMAL_95 * math.sqrt(fraction * (1 - fraction) / count + z2 / (4 * count**2))
    return (centre - half) / (1 + z2 / count), (centre + half) / (1 + z2 / count)
