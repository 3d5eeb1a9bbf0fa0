"""The mean of a sample with its confidence interval."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

COVERAGE = 0.95


class MeanInterval(NamedTuple):
    """The result of `mean_interval`: a mean and its 95% confidence interval.

    Attributes:
        mean: float.
        low: float, the lower end of the interval.
        high: float, the upper end.
    """

    mean: float
    low: float
    high: float


def mean_interval(values: Sequence[float]) -> Any:
    """Return the mean of a sample with its 95% confidence interval by Student's t.

    `mean ± t · s / √n`, with the sample's standard deviation s and the 97.5% quantile t of
    Student's distribution with n - 1 degrees of freedom. Of paired values, such as of two
    techniques by seed or by image, pass the differences.

    Args:
        values: n >= 2 finite numbers.

    Returns:
        `MeanInterval(mean, low, high)`, floats.

    Raises:
        ValueError: If there are fewer than two values, or one is not finite.

    Example:

    >>> from kerasrecipes.evaluation import mean_interval
    >>> [round(value, 3) for value in mean_interval([0.02, 0.01, 0.03, 0.02, 0.02])]
    [0.02, 0.011, 0.029]

    Reference: Student, 1908, https://doi.org/10.1093/biomet/6.1.1.
    """
    sample = np.asarray(values, "float64")
    if sample.ndim != 1 or len(sample) < 2 or not np.isfinite(sample).all():
        raise ValueError(
            "Argument `values` must be at least two finite numbers in one dimension. "
            f"Received: values={values!r}"
        )
    mean = float(sample.mean())
    half = student_quantile(len(sample) - 1) * float(sample.std(ddof=1)) / math.sqrt(len(sample))
    return MeanInterval(mean, mean - half, mean + half)


def student_quantile(freedom):
    """Return the t with `P(|T| < t) = 0.95`, for a whole number of degrees of freedom.

    >>> round(student_quantile(4), 4)
    2.7764
    """
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        angle = (low + high) / 2
        low, high = (angle, high) if _probability(angle, freedom) < COVERAGE else (low, angle)
    return math.sqrt(freedom) * math.tan(low)


def _probability(angle, freedom):
    """Return `P(|T| < √freedom · tan(angle))` (Abramowitz & Stegun, 26.7.3 and 26.7.4)."""
    sine, cosine = math.sin(angle), math.cos(angle)
    steps = np.arange(1, (freedom - 1) // 2 if freedom % 2 else freedom // 2)
    if freedom % 2 == 0:
        return sine * (1 + np.cumprod((2 * steps - 1) / (2 * steps) * cosine**2).sum())
    series = 1 + np.cumprod(2 * steps / (2 * steps + 1) * cosine**2).sum()
    return 2 / math.pi * (angle + (sine * cosine * series if freedom > 1 else 0.0))
