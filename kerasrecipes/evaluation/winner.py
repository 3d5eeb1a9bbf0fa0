"""A sentence that compares two tests."""

from typing import Any

from kerasrecipes._printable import printable
from kerasrecipes.evaluation.paired_test import paired_test


def winner(results: Any, pays: str = "") -> str:
    """Return a sentence that compares the accuracies of two tests on the same images.

    It names a better one if `paired_test` finds the difference significant, and gives the
    difference in percentage points with its 95% confidence interval.

    Args:
        results: List of two `TestResult` on the same images, the baseline first.
        pays: str, a sentence on the setting in which the second should be better. It is added if
            the second is not better here. Defaults to none.

    Returns:
        str.

    Raises:
        ValueError: If the two were tested on different images.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.evaluation import TestResult, winner
    >>> labels = np.zeros(21, int)
    >>> right, wrong = [0.9, 0.1], [0.1, 0.9]
    >>> before = TestResult("baseline", 1, np.array([right] * 19 + [wrong] * 2), labels, 1.0)
    >>> after = TestResult("mine", 1, np.array([right] * 20 + [wrong]), labels, 1.0)
    >>> print(winner([before, after]))
    No difference that 21 images can show: 95.2% right with mine, 90.5% with baseline (difference
    +4.8 points, 95% interval -7.6 to 16.3; McNemar's test, p = 1).
    """
    first, second = results
    test = paired_test(first, second)
    names = [printable(result.name.replace("_", " ")) for result in results]
    accuracies = [f"{result.metrics()['accuracy']:.1%}" for result in results]
    low, high = (100 * bound for bound in test.interval)
    figures = f"95% interval {low:.1f} to {high:.1f}; McNemar's test, {_p(test.p_value)}"
    points = 100 * test.difference
    right = f"{accuracies[1]} right with {names[1]}"
    is_better = test.is_significant and points > 0
    if not test.is_significant:
        sentence = (
            f"No difference that {test.images} images can show: {right}, {accuracies[0]} with "
            f"{names[0]} (difference {points:+.1f} points, {figures})."
        )
    else:
        sentence = (
            f"{right}, {abs(points):.1f} points {'better' if is_better else 'worse'} than with "
            f"{names[0]} ({accuracies[0]}), on the same {test.images} images (of the difference, "
            f"{figures})."
        )
    return sentence if is_better else f"{sentence} {pays}".rstrip()


def _p(value):
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"
