"""How good a classifier is, in words, with what chance leaves open."""

import math
from typing import Any

NORMAL_95 = 1.959964


def how_good(result: Any) -> Any:
    """A sentence on a test: the share that is right, and what chance leaves open.

    Args:
        result: A `TestResult`.
    """
    right = result.probabilities.argmax(axis=1) == result.labels
    low, high = wilson_interval(int(right.sum()), len(right))
    return (
        f"How good it is: {right.sum()} of {len(right)} test images right, {right.mean():.1%} "
        f"(so few leave {low:.0%} to {high:.0%} possible at 95% confidence)."
    )


def wilson_interval(right, count):
    """Shares that `right` of `count` are compatible with, at 95% confidence.

    >>> [round(share, 3) for share in wilson_interval(9, 10)]
    [0.596, 0.982]

    Reference: Wilson, 1927, Probable inference, the law of succession, and statistical inference.
    """
    share, z2 = right / count, NORMAL_95**2
    centre = share + z2 / (2 * count)
    reach = NORMAL_95 * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return (centre - reach) / (1 + z2 / count), (centre + reach) / (1 + z2 / count)
