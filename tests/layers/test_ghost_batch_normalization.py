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


def test_what_fills_a_part_up_is_no_longer_than_the_batch():
    """A part of 10^12 examples would not fit any memory."""
    x = np.random.default_rng(4).normal(size=(8, 5, 3, 4)).astype("float32")
    y, _, _ = expected_of(x, 8, 1e-5, 1.0, 0.0)
    found = to_numpy(layers.GhostBatchNormalization(10**12)(x, training=True))
    np.testing.assert_allclose(found, y, rtol=1e-4, atol=1e-4)


def test_nothing_is_added_to_a_batch_that_the_size_divides(monkeypatch):
    added = []
    concatenate = keras.ops.concatenate
    monkeypatch.setattr(
        keras.ops, "concatenate", lambda *args, **kw: added.append(1) or concatenate(*args, **kw)
    )
    layer = layers.GhostBatchNormalization(4)
    layer(np.ones((8, 3), "float32"), training=True)
    assert added == []
    layer(np.ones((9, 3), "float32"), training=True)
    assert added == [1]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="graphs are TensorFlow's")
@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("size", [3, 8, 10**9])
def test_a_batch_size_and_sides_that_no_graph_knows(size, jit):
    import tensorflow as tf

    layer = layers.GhostBatchNormalization(size)
    layer.build((None, None, None, 4))
    signature = tf.TensorSpec((None, None, None, 4))
    call = tf.function(
        lambda x: layer(x, training=True), input_signature=[signature], jit_compile=jit
    )
    for count in (8, 1, 5, 0):
        x = np.random.default_rng(5).normal(size=(count, 5, 3, 4)).astype("float32")
        found = call(tf.constant(x))
        assert found.shape == x.shape
        if count:
            y, _, _ = expected_of(x, size, 1e-5, 1.0, 0.0)
            np.testing.assert_allclose(found, y, rtol=1e-4, atol=1e-4)
    assert np.isfinite(to_numpy(layer.moving_variance)).all()


@pytest.mark.parametrize("change", [{"size": 0}, {"momentum": 1.5}, {"epsilon": 0.0}])
def test_bad_arguments(change):
    with pytest.raises(ValueError, match=f"`{next(iter(change))}` must be.*Received"):
        layers.GhostBatchNormalization(**change)


def test_integers_are_refused():
    with pytest.raises(TypeError, match="inputs"):
        layers.GhostBatchNormalization(2)(np.ones((4, 3), "int32"))
