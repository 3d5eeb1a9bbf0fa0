"""The confidence in a sentence: said where the images can tell, and not where they can't."""

import numpy as np
import pytest

from kerasrecipes.evaluation import TestResult, calibration_sentence
from kerasrecipes.evaluation.calibration_sentence import SIMULATIONS, errors_by_chance
from kerasrecipes.inference import expected_calibration_error


def result(count, gap, seed=0, classes=4):
    """Predictions of random confidence that are right with that probability minus `gap`."""
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.5, 0.95, count)
    probabilities = np.full((count, classes), 0.0)
    probabilities[:] = ((1 - confidence) / (classes - 1))[:, None]
    best = rng.integers(0, classes, count)
    probabilities[np.arange(count), best] = confidence
    right = rng.random(count) < confidence - gap
    labels = np.where(right, best, (best + 1) % classes)
    return TestResult("test", 1, probabilities, labels, 1.0)


@pytest.mark.parametrize("gap, words", [(0.2, "too high"), (-0.2, "too low")])
def test_many_images_tell_the_direction(gap, words):
    sentence = calibration_sentence(result(4000, gap))
    assert sentence.startswith("Confidence is off by ") and sentence.endswith(f"it is {words}.")
    assert 15 < int(sentence.split()[4]) < 22


def test_calibrated_probabilities_are_accused_in_about_one_of_twenty_cases():
    accused = [bool(calibration_sentence(result(200, 0.0, seed))) for seed in range(30)]
    assert np.mean(accused) < 0.15


def test_21_images_cannot_tell_ten_points():
    silent = [calibration_sentence(result(21, 0.1, seed)) == "" for seed in range(20)]
    assert np.mean(silent) > 0.7


def test_probabilities_that_are_not_finite():
    broken = TestResult("test", 1, np.full((3, 2), np.nan), np.zeros(3, int), 1.0)
    sentence = "The predictions for 3 of 3 images are NaN or infinite."
    assert calibration_sentence(broken) == sentence


@pytest.mark.parametrize("count, classes", [(300, 10), (21, 2)])
def test_errorserrors_by_chance_are_those_of_simulated_tests(count, classes):
    """Each is the expected calibration error of a test with simulated labels."""
    probabilities = np.random.default_rng(3).dirichlet(np.ones(classes), count)
    best, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    rng = np.random.default_rng(0)
    expected = [
        expected_calibration_error(
            probabilities, np.where(rng.random(count) < confidence, best, (best + 1) % classes)
        )
        for _ in range(SIMULATIONS)
    ]
    np.testing.assert_allclose(errors_by_chance(confidence), expected, rtol=0, atol=1e-12)
