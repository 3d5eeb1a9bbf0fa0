"""DropConnectDense against every mask of a small unit, and against integrals."""

import itertools
import math

import keras
import numpy as np
import pytest

from kerasrecipes.layers import DropConnectDense
from tests.gradients import gradient_of

TENSORFLOW = keras.backend.backend() == "tensorflow"
WIDE, TOLERANCE = ("float64", 1e-9) if TENSORFLOW else ("float32", 1e-5)
X = np.array([0.7, -1.3, 0.4])
KERNEL = np.array([[0.5, -1.0], [0.25, 2.0], [1.5, 0.1]])
BIAS = np.array([0.8, -0.6])
RATE = 0.3


def to_numpy(x):
    return keras.ops.convert_to_numpy(x)


def unit(**options):
    layer = DropConnectDense(2, rate=RATE, dtype=WIDE, seed=0, **options)
    layer.build((None, 3))
    layer.kernel.assign(KERNEL)
    layer.bias.assign(BIAS)
    return layer


def every_mask():
    """Values of each unit under its 16 masks, `(16, 2)`, and their chances."""
    terms = np.concatenate([X[:, None] * KERNEL, BIAS[None]])
    masks = np.array(list(itertools.product((0, 1), repeat=4)))
    return masks @ terms, np.prod(np.where(masks, 1 - RATE, RATE), axis=1)


def test_training_draws_every_mask_as_often_as_it_should():
    values, chances = every_mask()
    u = to_numpy(unit()(np.tile(X, (20_000, 1)).astype(WIDE), training=True))
    for index in range(2):
        distance = np.abs(u[:, index, None] - values[None, :, index])
        assert distance.min(axis=1).max() < 1e-5
        found = np.bincount(distance.argmin(axis=1), minlength=16) / len(u)
        np.testing.assert_allclose(found, chances, atol=5 * np.sqrt(0.25 / len(u)))


@pytest.mark.parametrize("mask", ["example", "gaussian"])
def test_training_has_the_moments_of_all_masks(mask):
    values, chances = every_mask()
    mean = chances @ values
    variance = chances @ values**2 - mean**2
    u = to_numpy(unit(mask=mask)(np.tile(X, (40_000, 1)).astype(WIDE), training=True))
    np.testing.assert_allclose(u.mean(axis=0), mean, atol=5 * np.sqrt(variance.max() / 40_000))
    np.testing.assert_allclose(u.var(axis=0), variance, rtol=0.06)
    assert abs(np.corrcoef(u.T)[0, 1]) < 0.03, "units share their masks"


def expected_activation(function):
    """E[a(u)] for normal u with the moments of all masks, by the trapezoid rule."""
    values, chances = every_mask()
    mean = chances @ values
    deviation = np.sqrt(chances @ values**2 - mean**2)
    z = np.linspace(-12, 12, 200_001)
    density = np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    return [np.trapezoid(function(m + s * z) * density, z) for m, s in zip(mean, deviation)]


@pytest.mark.parametrize(
    "activation, function, tolerance",
    [
        ("linear", lambda u: u, TOLERANCE),
        ("relu", lambda u: np.maximum(u, 0), 3e-9 if TENSORFLOW else TOLERANCE),
        ("tanh", np.tanh, 1e-5),
        ("sigmoid", lambda u: 1 / (1 + np.exp(-u)), max(TOLERANCE, 1e-9)),
        ("elu", lambda u: np.where(u > 0, u, np.expm1(np.minimum(u, 0))), 2e-3),
    ],
)
def test_inference_averages_the_activation(activation, function, tolerance):
    found = to_numpy(unit(activation=activation)(X[None].astype(WIDE)))[0]
    np.testing.assert_allclose(found, expected_activation(function), atol=tolerance)


def test_the_cheap_inference_is_the_activation_of_the_mean():
    found = to_numpy(unit(activation="relu", inference="mean")(X[None].astype(WIDE)))[0]
    np.testing.assert_allclose(found, np.maximum(0.7 * (X @ KERNEL + BIAS), 0), atol=TOLERANCE)


@pytest.mark.parametrize("mask", ["example", "gaussian"])
@pytest.mark.parametrize("training", [True, False])
def test_a_zero_input_without_a_bias_has_finite_gradients(mask, training):
    layer = DropConnectDense(4, activation="relu", use_bias=False, mask=mask, seed=0)
    x = keras.ops.zeros((5, 3))
    found = gradient_of(lambda x: layer(x, training=training), x, np.ones((5, 4)))
    assert np.isfinite(found).all()


@pytest.mark.parametrize("mask", ["example", "gaussian"])
def test_higher_ranks_draw_for_each_vector(mask):
    layer = DropConnectDense(4, mask=mask, seed=0)
    y = to_numpy(layer(np.ones((2, 3, 5), "float32"), training=True))
    assert y.shape == (2, 3, 4)
    assert len(np.unique(y.reshape(6, 4), axis=0)) == 6


def test_half_precision_keeps_the_moments_finite():
    layer = DropConnectDense(4, activation="relu", mask="gaussian", dtype="mixed_float16", seed=0)
    x = np.full((2, 8), 400.0, "float16")  # its square is beyond float16
    assert np.isfinite(to_numpy(layer(x, training=True))).all()
    assert np.isfinite(to_numpy(layer(x))).all()
