"""The calibration of a test in a sentence, if its images are enough to tell."""

from typing import Any

import numpy as np

from kerasrecipes.evaluation.not_finite_sentence import not_finite_sentence
from kerasrecipes.inference.expected_calibration_error import (
    BINS,
    bin_of,
    expected_calibration_error,
)

SIMULATIONS = 200
LEVEL = 0.95
ROUNDING = 1e-9  # few images have few different errors, of which one is the quantile itself


def calibration_sentence(result: Any) -> str:
    """Return by how much the confidence of a test is off on average, or "" if chance explains it.

    The expected calibration error is compared with those of simulated tests of as many images, in
    which each prediction is right with exactly its probability: few images have a large error even
    then.

    Args:
        result: A `TestResult`.

    Returns:
        str; empty if 5% of the simulated errors or more are as large.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.evaluation import TestResult, calibration_sentence
    >>> probabilities = np.tile([0.9, 0.1], (1000, 1))
    >>> labels = (np.arange(1000) % 10 >= 7).astype(int)
    >>> calibration_sentence(TestResult("test", 1, probabilities, labels, 1.0))
    'Confidence is off by 20 points on average: it is too high.'
    >>> calibration_sentence(TestResult("test", 1, probabilities[:10], labels[:10], 1.0))
    ''

    Reference: Bröcker & Smith (2007), https://doi.org/10.1175/WAF993.1, consistency resampling.
    """
    probabilities = np.asarray(result.probabilities, "float64")
    if broken := not_finite_sentence(probabilities):
        return broken
    error = expected_calibration_error(probabilities, result.labels)
    confidence = probabilities.max(axis=1)
    if error <= np.quantile(errors_by_chance(confidence), LEVEL) + ROUNDING:
        return ""
    right = np.mean(probabilities.argmax(axis=1) == result.labels)
    gap = confidence.mean() - right
    direction = f": it is too {'high' if gap > 0 else 'low'}" if abs(gap) > error / 2 else ""
    return f"Confidence is off by {100 * error:.0f} points on average{direction}."


def errors_by_chance(confidence):
    """The errors of simulated tests that are perfectly calibrated."""
    rng, bins, images = np.random.default_rng(0), bin_of(confidence, BINS), len(confidence)
    errors = []
    for _ in range(SIMULATIONS):
        gaps = (rng.random(images) < confidence) - confidence
        sums = np.bincount(bins, weights=gaps, minlength=BINS)
        errors.append(np.abs(sums).sum() / images)
    return errors
