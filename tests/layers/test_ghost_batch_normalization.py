"""Batch normalisation by parts of the batch, against PyTorch or a float64 loop for each part."""

import keras
import numpy as np
import pytest

from kerasrecipes import layers

to_numpy = keras.ops.convert_to_numpy


def expected_of(x, size, epsilon, gamma, beta):
    """Each part on its own, in float64; and the means of its statistics over the parts."""
    parts = [x[start : start + size].astype("float64") for start in range(0, len(x), size)]
    over = tuple(range(x.ndim - 1))
    means, variances = ([f(part, axis=over) for part in parts] for f in (np.mean, np.var))
    y = [(p - m) / np.sqrt(v + epsilon) for p, m, v in zip(parts, means, variances)]
    return gamma * np.concatenate(y) + beta, np.mean(means, 0), np.mean(variances, 0)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 20])
@pytest.mark.parametrize("shape", [(8, 5, 3, 4), (8, 4)])
def test_each_part_is_normalised_on_its_own(size, shape):
    rng = np.random.default_rng(0)
    x = (5 + 3 * rng.normal(size=shape)).astype("float32")
    layer = layers.GhostBatchNormalization(size, momentum=0.75, epsilon=1e-3)
    layer.build(shape)
    gamma, beta = rng.normal(size=(2, 4))
    layer.gamma.assign(gamma), layer.beta.assign(beta)
    y, mean, variance = expected_of(x, size, 1e-3, gamma, beta)
    np.testing.assert_allclose(to_numpy(layer(x, training=True)), y, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(to_numpy(layer.moving_mean), 0.25 * mean, rtol=1e-4)
    moved = 0.75 + 0.25 * variance
    np.testing.assert_allclose(to_numpy(layer.moving_variance), moved, rtol=1e-4)

    at_rest = gamma * (x - 0.25 * mean) / np.sqrt(moved + 1e-3) + beta
    np.testing.assert_allclose(to_numpy(layer(x)), at_rest, rtol=1e-4, atol=1e-4)
    layer.trainable = False
    np.testing.assert_allclose(to_numpy(layer(x, training=True)), at_rest, rtol=1e-4, atol=1e-4)


def test_one_part_is_batch_normalisation():
    x = np.random.default_rng(1).normal(2, 3, (6, 4, 5)).astype("float32")
    options = {"axis": 1, "momentum": 0.9, "epsilon": 1e-5}
    ours, keras_layer = (
        layers.GhostBatchNormalization(6, **options), keras.layers.BatchNormalization(**options)
    )  # fmt: skip
    for training in (True, False):
        np.testing.assert_allclose(
            to_numpy(ours(x, training=training)), to_numpy(keras_layer(x, training=training)),
            rtol=1e-4, atol=1e-5,
        )  # fmt: skip


def test_a_large_mean_does_not_spoil_the_variance():
    x = np.random.default_rng(2).normal(1e4, 1, (8, 16, 3)).astype("float32")
    y, _, _ = expected_of(x, 2, 1e-5, 1.0, 0.0)
    layer = layers.GhostBatchNormalization(2)
    np.testing.assert_allclose(to_numpy(layer(x, training=True)), y, atol=5e-3)


@pytest.mark.parametrize("change", [{"size": 0}, {"momentum": 1.5}, {"epsilon": 0.0}])
def test_bad_arguments(change):
    with pytest.raises(ValueError, match=f"`{next(iter(change))}` must be.*Received"):
        layers.GhostBatchNormalization(**change)


def test_integers_are_refused():
    with pytest.raises(TypeError, match="inputs"):
        layers.GhostBatchNormalization(2)(np.ones((4, 3), "int32"))
