"""The paired test of two classifiers on the same images."""

import dataclasses
import math
from typing import Any

import numpy as np

from kerasrecipes.evaluation.how_good import NORMAL_95
from kerasrecipes.evaluation.metrics import predicted_classes

SIGNIFICANCE = 0.05


@dataclasses.dataclass(frozen=True)
class PairedTest:
    """Two classifiers compared image by image.

    Attributes:
        images: int, number of images.
        gained: int, images that only the second classifier has right.
        lost: int, images that only the first has right.
        p_value: float in [0, 1], of McNemar's exact test: the probability of a difference as large
            or larger between equally good classifiers.
        difference: float in [-1, 1], accuracy of the second minus accuracy of the first.
        interval: the 95% confidence interval of `difference`, a tuple of two floats.
    """

    images: int
    gained: int
    lost: int
    p_value: float
    difference: float
    interval: tuple[float, float]

    @property
    def is_significant(self) -> bool:
        """Whether chance alone gives such a difference in less than 5% of comparisons."""
        return self.p_value < SIGNIFICANCE


def paired_test(first: Any, second: Any) -> PairedTest:
    """Compare the accuracies of two classifiers that were tested on the same images.

    Images that both have right or both have wrong say nothing of the difference. Of the others,
    `lost` that only the first has right and `gained` that only the second has right, equally good
    classifiers have half each: `p = min(1, 2 · P(X <= min(lost, gained)))` for
    `X ~ Binomial(lost + gained, 1/2)`.

    Args:
        first: A `TestResult`, the baseline.
        second: A `TestResult` on the same images in the same order.

    Returns:
        A `PairedTest`.

    Raises:
        ValueError: If the labels differ, so that the images are not the same.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.evaluation import TestResult, paired_test
    >>> labels = np.zeros(10, int)
    >>> right, wrong = [0.9, 0.1], [0.1, 0.9]
    >>> one = TestResult("one", 1, np.array([right] * 3 + [wrong] * 7), labels, 1.0)
    >>> other = TestResult("other", 1, np.array([right] * 9 + [wrong]), labels, 1.0)
    >>> test = paired_test(one, other)
    >>> test.gained, test.lost, round(test.difference, 3), test.p_value
    (6, 0, 0.6, 0.03125)

    Reference: McNemar (1947), https://doi.org/10.1007/BF02295996, in its exact form. The interval
    is that of Agresti & Min (2005), https://doi.org/10.1002/sim.1781: half an image is added to
    each of the four counts.
    """
    labels = np.asarray(first.labels)
    if not np.array_equal(labels, second.labels):
        raise ValueError(
            "Argument `second` must be a test on the images of `first`, in the same order. "
            f"Received: tests of {len(labels)} and {len(second.labels)} images with other labels"
        )
    rights = [predicted_classes(r.probabilities) == labels for r in (first, second)]
    lost, gained = int(np.sum(rights[0] & ~rights[1])), int(np.sum(rights[1] & ~rights[0]))
    count = len(labels)
    difference = (gained - lost) / count
    interval = difference_interval(gained, lost, count)
    return PairedTest(count, gained, lost, mcnemar_p(gained, lost), difference, interval)


def mcnemar_p(gained, lost):
    """Return the two-sided p-value of McNemar's exact test.

    >>> mcnemar_p(6, 0), mcnemar_p(1, 0)
    (0.03125, 1.0)
    """
    count, term, total = gained + lost, 1, 0
    for k in range(min(gained, lost) + 1):
        total += term
        term = term * (count - k) // (k + 1)
    return min(1.0, 2 * total / 2**count)


def difference_interval(gained, lost, count):
    """Return the 95% confidence interval of a paired difference of proportions."""
    gained, lost, count = gained + 0.5, lost + 0.5, count + 2
    centre = (gained - lost) / count
    half = NORMAL_95 * math.sqrt((gained + lost) / count - centre**2) / math.sqrt(count)
    return max(-1.0, centre - half), min(1.0, centre + half)
