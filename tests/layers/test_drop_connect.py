"""DropConnect and DropPath: what is masked, how it is scaled, and what stays."""

import keras
import numpy as np
import pytest

from kerasrecipes.layers import DropConnect, DropPath, StochasticDepth

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
    assert abs(dropped.mean() - 0.3) < 0.02  # 4 standard deviations of 10,000 weights
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


@pytest.mark.parametrize("make, shape", WRAPPED.values(), ids=WRAPPED.keys())
def test_a_frozen_layer_keeps_its_weights(make, shape):
    """Every weight, bit for bit, after training calls that mask the kernels."""
    inner = make()
    layer = DropConnect(inner, rate=0.5, seed=1)
    x = np.ones(shape, "int32" if isinstance(inner, L.Embedding) else "float32")
    layer(x)
    layer.trainable = False
    before = inner.get_weights()
    draws = [to_numpy(layer(x, training=True)) for _ in range(3)]
    for weight, value in zip(inner.get_weights(), before):
        np.testing.assert_array_equal(weight, value)
    assert not np.array_equal(draws[0], draws[1])


def frozen_model(wrap):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), wrap(L.Dense(4)), L.Dense(1)])
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(
    "wrap",
    [
        lambda dense: DropConnect(dense, 0.5, seed=0),
        lambda dense: StochasticDepth(DropConnect(dense, 0.5, seed=0), 0.5, "batch", seed=0),
        lambda dense: StochasticDepth(dense, 0.5, "subset", seed=0),
    ],
)
def test_fit_does_not_move_frozen_weights(wrap):
    model = frozen_model(wrap)
    frozen, trained = (layer.get_weights() for layer in model.layers)
    rng = np.random.default_rng(0)
    model.fit(rng.normal(size=(32, 4)), rng.normal(size=(32, 1)), batch_size=8, verbose=0)
    weights = [w for w in model.layers[0].weights if w.dtype == "float32"]
    for weight, value in zip(weights, frozen):
        np.testing.assert_array_equal(to_numpy(weight), value)
    assert not np.array_equal(model.layers[1].get_weights()[0], trained[0])


def test_statistics_inside_the_wrapped_layer_are_assigned():
    class DenseAndNormalization(L.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], 3), name="kernel")
            self.normalization = L.BatchNormalization(momentum=0.0)
            self.normalization.build((None, 3))

        def call(self, x):
            return self.normalization(keras.ops.matmul(x, self.kernel), training=True)

    inner = DenseAndNormalization()
    layer = DropConnect(inner, 0.5, seed=0)
    x = np.random.default_rng(0).normal(1.0, size=(20, 4)).astype("float32")
    layer(x, training=True)
    inner.kernel.trainable = False
    before = inner.get_weights()
    layer(2 * x, training=True)
    np.testing.assert_array_equal(to_numpy(inner.kernel), before[0])
    assert not np.array_equal(to_numpy(inner.normalization.moving_mean), before[-2])


@pytest.mark.parametrize(
    "make, name, x",
    [
        (lambda: L.Dense(50), "kernel", np.eye(40, dtype="float32")),
        (lambda: L.EinsumDense("ab,bc->ac", 50), "kernel", np.eye(40, dtype="float32")),
        (lambda: L.Embedding(40, 50), "embeddings", np.arange(40)),
    ],
    ids=["dense", "einsum", "embedding"],
)
def test_around_lora_the_sum_of_both_kernels_is_masked(make, name, x):
    inner = make()
    layer = DropConnect(inner, 0.25, seed=0)
    layer(x)
    inner.enable_lora(3)
    rng = np.random.default_rng(0)
    for weight in inner.trainable_variables:
        if "lora" in weight.name:
            weight.assign(rng.normal(size=weight.shape))
    before = inner.get_weights()
    whole = to_numpy(getattr(inner, name))
    masked = to_numpy(layer(x, training=True))
    dropped = np.abs(masked) < 1e-5
    np.testing.assert_allclose(masked, np.where(dropped, 0, whole / 0.75), rtol=1e-4, atol=1e-5)
    assert abs(dropped.mean() - 0.25) < 0.04  # 4 standard deviations of 2000 weights
    np.testing.assert_allclose(to_numpy(layer(x)), whole, rtol=1e-5, atol=1e-5)
    for weight, value in zip(inner.get_weights(), before):
        np.testing.assert_array_equal(weight, value)


def test_lora_trains_through_the_mask():
    """The low-rank kernels learn from the masked sum, the frozen kernel stays as it was."""
    dense = L.Dense(4, use_bias=False)
    layer = DropConnect(dense, 0.5, seed=0)
    model = keras.Sequential([keras.Input((4,)), layer])
    dense.enable_lora(2)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    before = {weight.name: to_numpy(weight).copy() for weight in dense.weights}
    rng = np.random.default_rng(0)
    model.fit(rng.normal(size=(64, 4)), rng.normal(size=(64, 4)), batch_size=8, verbose=0)
    after = {weight.name: to_numpy(weight) for weight in dense.weights}
    np.testing.assert_array_equal(after["kernel"], before["kernel"])
    assert np.abs(after["lora_kernel_b"] - before["lora_kernel_b"]).max() > 1e-3


def test_a_quantized_layer_is_refused_in_training_only():
    dense = L.Dense(4)
    layer = DropConnect(dense, 0.5)
    x = np.ones((2, 8), "float32")
    layer(x)
    dense.quantize("int8")
    layer(x)
    with pytest.raises(ValueError, match="`layer` must not be quantized in training"):
        layer(x, training=True)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_symbolic_dtype_is_the_wrapped_layers(dtype):
    layer = DropConnect(L.Dense(3, dtype=dtype), 0.5)
    symbolic = layer(keras.Input((4,)))
    real = layer(np.ones((2, 4), "float32"), training=True)
    assert symbolic.dtype == keras.backend.standardize_dtype(real.dtype) == dtype


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
