"""DropConnectDense against every mask of a small unit, and against integrals."""

import functools
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
def test_the_gradient_at_a_zero_input_without_a_bias(mask, training):
    """There the variance is 0, and its root has no slope: relu stands, a line has its mean's."""
    x = keras.ops.zeros((5, 3))
    for activation in ("relu", None):
        layer = DropConnectDense(4, activation=activation, use_bias=False, mask=mask, seed=0)
        found = gradient_of(functools.partial(layer, training=training), x, np.ones((5, 4)))
        kernel = to_numpy(layer.kernel)
        if activation == "relu":
            np.testing.assert_array_equal(found, np.zeros((5, 3)))
        elif training and mask == "example":
            sums = [kernel @ kept for kept in np.ndindex(2, 2, 2, 2)]
            assert np.abs(found[..., None] - np.transpose(sums)).min(axis=-1).max() < 1e-5
        else:
            np.testing.assert_allclose(found, np.tile(0.5 * kernel.sum(1), (5, 1)), rtol=1e-5)


@pytest.mark.parametrize("mask", ["example", "gaussian"])
def test_higher_ranks_draw_for_each_vector(mask):
    layer = DropConnectDense(4, mask=mask, seed=0)
    y = to_numpy(layer(np.ones((2, 3, 5), "float32"), training=True))
    assert y.shape == (2, 3, 4)
    assert len(np.unique(y.reshape(6, 4), axis=0)) == 6


def test_half_precision_has_the_moments_of_float32():
    layer = DropConnectDense(4, activation=None, mask="gaussian", dtype="mixed_float16", seed=0)
    x = np.full((4000, 8), 400.0, "float16")  # its square is beyond float16
    mean = to_numpy(layer(x[:1])).astype("float64")
    draws = to_numpy(layer(x, training=True)).astype("float64")
    kernel = to_numpy(layer.kernel).astype("float64")
    std = 200 * np.sqrt((kernel**2).sum(axis=0))
    np.testing.assert_allclose(mean[0], 200 * kernel.sum(axis=0), rtol=3e-3, atol=0.3)
    np.testing.assert_allclose(draws.mean(axis=0), mean[0], atol=5 * std.max() / 4000**0.5)
    np.testing.assert_allclose(draws.std(axis=0), std, rtol=0.06)  # 5 standard errors


@pytest.mark.parametrize("mask", ["example", "gaussian"])
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_an_empty_batch(mask, compiled):
    """A replica's empty part of the last batch."""
    layer = DropConnectDense(4, mask=mask, seed=0)
    layer.build((None, 3))

    def call(x):
        return layer(x, training=True)

    if compiled:
        if keras.backend.backend() != "tensorflow":
            pytest.skip("sizes are known when a graph is traced")
        import tensorflow as tf

        call = tf.function(call, input_signature=[tf.TensorSpec([None, 3])])
    x = keras.ops.zeros((0, 3))
    assert tuple(call(x).shape) == (0, 4)
    assert tuple(call(keras.ops.ones((5, 3))).shape) == (5, 4)
    if not compiled:
        assert gradient_of(call, x, np.ones((0, 4))).shape == (0, 3)
