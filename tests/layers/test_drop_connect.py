"""DropConnect and DropPath: what is masked, how it is scaled, and what stays."""

import keras
import numpy as np
import pytest

from kerasrecipes.layers import DropConnect, DropPath

L = keras.layers


def to_numpy(x):
    return keras.ops.convert_to_numpy(x)


def test_the_kernel_is_masked_and_rescaled_the_bias_is_not():
    dense = L.Dense(200, bias_initializer="ones")
    layer = DropConnect(dense, rate=0.3, seed=0)
    eye = np.eye(50, dtype="float32")
    masked = to_numpy(layer(eye, training=True)) - 1
    kernel = to_numpy(dense.kernel)
    dropped = np.abs(masked) < 1e-6
    np.testing.assert_allclose(masked, np.where(dropped, 0, kernel / 0.7), atol=1e-5)
    assert abs(dropped.mean() - 0.3) < 0.02  # 4 deviations of 10,000 weights
    assert not np.array_equal(to_numpy(layer(eye, training=True)) - 1, masked)
    np.testing.assert_array_equal(to_numpy(layer(eye)), to_numpy(dense(eye)))
    np.testing.assert_array_equal(to_numpy(dense.kernel), kernel)


def test_one_mask_for_the_batch():
    layer = DropConnect(L.Dense(20), rate=0.5, seed=0)
    y = to_numpy(layer(np.ones((6, 10), "float32"), training=True))
    np.testing.assert_allclose(y, np.repeat(y[:1], 6, axis=0), rtol=1e-6)


WRAPPED = {
    "convolution": (lambda: L.Conv2D(4, 3), (2, 6, 6, 3)),
    "transposed": (lambda: L.Conv2DTranspose(4, 3), (2, 6, 6, 3)),
    "depthwise": (lambda: L.DepthwiseConv2D(3, depth_multiplier=2), (2, 6, 6, 3)),
    "separable": (lambda: L.SeparableConv1D(4, 3), (2, 6, 3)),
    "einsum": (lambda: L.EinsumDense("ab,bc->ac", 4), (2, 6)),
    "embedding": (lambda: L.Embedding(5, 40), (2, 6)),
}


@pytest.mark.parametrize("make, shape", WRAPPED.values(), ids=WRAPPED.keys())
def test_layers_with_a_kernel(make, shape):
    """Kernels of ones: a mask shows as outputs that differ, their mean stays."""
    inner = make()
    layer = DropConnect(inner, rate=0.5, seed=1)
    x = np.ones(shape, "int32" if isinstance(inner, L.Embedding) else "float32")
    plain = layer(x)
    for weight in inner.trainable_variables:
        weight.assign(
            np.ones(weight.shape) if "bias" not in weight.name else np.zeros(weight.shape)
        )
    plain = to_numpy(layer(x))
    draws = np.array([to_numpy(layer(x, training=True)) for _ in range(40)])
    assert draws.std(axis=0).max() > 0.1
    np.testing.assert_allclose(draws.mean(), plain.mean(), rtol=0.15)
    assert tuple(layer.compute_output_shape(shape)) == plain.shape


def test_a_layer_without_a_kernel_is_refused():
    with pytest.raises(ValueError, match="`layer` must have one of the weights kernel"):
        DropConnect(L.BatchNormalization()).build((None, 3))


@pytest.mark.parametrize("shape", [(400,), (400, 3), (400, 2, 3, 2)])
def test_drop_path_zeroes_whole_samples(shape):
    layer = DropPath(0.25, seed=0)
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    y = to_numpy(layer(x, training=True)).reshape(400, -1)
    dropped = (y == 0).all(axis=1)
    expected = np.where(dropped[:, None], 0, x.reshape(400, -1) / 0.75)
    np.testing.assert_allclose(y, expected, rtol=1e-6)
    assert abs(dropped.mean() - 0.25) < 0.09
    np.testing.assert_array_equal(to_numpy(layer(x)), x)


def test_drop_path_zeroes_infinities():
    y = to_numpy(DropPath(0.5, seed=0)(np.full((64, 1), np.inf, "float32"), training=True))
    assert (y == 0).any() and not np.isnan(y).any()
