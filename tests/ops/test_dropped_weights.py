"""Moments of dropped weights against every mask, the rectified normal against an integral."""

import itertools

import keras
import numpy as np
import pytest

from kerasrecipes.ops import drop_connect_moments, rectified_normal_mean
from tests.gradients import gradient_of

TENSORFLOW = keras.backend.backend() == "tensorflow"
WIDE, TOLERANCE = ("float64", 1e-9) if TENSORFLOW else ("float32", 1e-5)


def to_numpy(x):
    return keras.ops.convert_to_numpy(x)


def every_mask(x, kernel, bias, rate):
    """Mean and variance of x·(M∗W) + m∗b by summing over all masks of each unit."""
    weights = np.concatenate([kernel, bias[None]])
    terms = np.append(x, 1)[:, None] * weights
    mean = variance = 0
    for mask in itertools.product((0, 1), repeat=len(weights)):
        chance = np.prod([1 - rate if kept else rate for kept in mask])
        u = np.array(mask) @ terms
        mean, variance = mean + chance * u, variance + chance * u**2
    return mean, variance - mean**2


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.5, 0.9])
def test_moments_equal_the_sum_over_all_masks(rate):
    rng = np.random.default_rng(0)
    x, kernel, bias = (rng.normal(size=shape) for shape in ((5, 6), (6, 3), (3,)))
    expected = [every_mask(row, kernel, bias, rate) for row in x]
    found = drop_connect_moments(*(a.astype(WIDE) for a in (x, kernel, bias)), rate)
    for index in range(2):
        np.testing.assert_allclose(
            to_numpy(found[index]), [pair[index] for pair in expected], atol=TOLERANCE
        )


def test_moments_without_a_bias_and_of_a_bad_rate():
    x, kernel = np.ones((2, 3, 4), "float32"), np.ones((4, 5), "float32")
    mean, variance = drop_connect_moments(x, kernel, None, 0.25)
    np.testing.assert_allclose(to_numpy(mean), np.full((2, 3, 5), 3.0))
    np.testing.assert_allclose(to_numpy(variance), np.full((2, 3, 5), 0.75))
    with pytest.raises(ValueError, match="rate=1"):
        drop_connect_moments(x, kernel, None, 1)


def integral(mean, variance):
    """E[max(0, z)] by the trapezoid rule from 0 up."""
    deviation = np.sqrt(variance)
    z = np.linspace(0, max(mean, 0) + 12 * deviation, 400_001)
    density = np.exp(-0.5 * ((z - mean) / deviation) ** 2) / deviation / np.sqrt(2 * np.pi)
    return np.trapezoid(z * density, z)


def test_rectified_mean_equals_the_integral():
    mean = np.array([-3.0, -0.7, 0.0, 0.2, 2.0, 50.0])
    variance = np.array([1.0, 0.25, 4.0, 1e-4, 9.0, 2.0])
    found = to_numpy(rectified_normal_mean(mean.astype(WIDE), variance.astype(WIDE)))
    expected = [integral(*pair) for pair in zip(mean, variance)]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=TOLERANCE)


def test_rectified_mean_at_the_ends():
    mean = np.array([-1, 0, 2, -1e4, 1e4, -5, 5], "float32")
    variance = np.array([0, 0, 0, 1e-6, 1e-6, 1e-38, 1e-38], "float32")
    found = to_numpy(rectified_normal_mean(mean, variance))
    np.testing.assert_allclose(found, np.maximum(mean, 0), rtol=1e-6, atol=1e-12)
    assert (
        to_numpy(rectified_normal_mean(np.linspace(-9, 0, 50).astype("float32"), 1.0)) >= 0
    ).all()


def test_the_gradient_of_the_rectified_mean():
    mean = np.array([[-2.0, 0.5, 1.0, -1.0, 2.0, 3.0]], "float32")
    variance = np.array([[1.0, 0.25, 4.0, 0.0, 0.0, 1e-12]], "float32")
    both = keras.ops.convert_to_tensor(np.concatenate([mean, variance]))
    found = gradient_of(lambda x: rectified_normal_mean(x[0], x[1]), both, np.ones(6))
    # Φ(μ/σ), φ(μ/σ) / 2σ from tables; the step function where the variance vanishes
    by_mean = [0.0227501, 0.8413447, 0.6914625, 0, 1, 1]
    by_variance = [0.0269955, 0.2419707, 0.0880163, 0, 0, 0]
    np.testing.assert_allclose(found[0], by_mean, atol=1e-5)
    np.testing.assert_allclose(found[1], by_variance, atol=1e-5)
