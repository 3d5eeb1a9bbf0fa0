"""Layers of dtype float64 give the digits of float64: each against NumPy, to 1e-11.

Inputs come as float32 numbers too, so that a layer that computes in the inputs' type is seen.
"""

import inspect

import keras
import numpy as np
import pytest

from kerasrecipes import layers, losses
from tests.layers.contract_table import ROWS, class_name
from tests.layers.running import BACKEND, to_numpy

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(3.0, 2.0, size=(6, 5, 4, 6)).astype("float32")
VECTORS = RNG.normal(size=(7, 9)).astype("float32")

pytestmark = pytest.mark.skipif(BACKEND == "jax", reason="no float64 unless JAX_ENABLE_X64 is set")


def normalized(x, axes, epsilon):
    variance = x.var(axis=axes, keepdims=True)
    return (x - x.mean(axis=axes, keepdims=True)) / np.sqrt(variance + epsilon)


def group(layer, x):
    grouped = x.reshape(*x.shape[:-1], 2, 3)
    return normalized(grouped, (1, 2, 4), 1e-5).reshape(x.shape)


def instance(layer, x):
    return normalized(x, (1, 2), 1e-5)


def decorrelated(layer, x):
    rows = x.reshape(-1, 6)
    covariance = np.cov(rows.T, bias=True) + 1e-3 * np.eye(6)
    values, vectors = np.linalg.eigh(covariance)
    return ((rows - rows.mean(0)) @ (vectors / np.sqrt(values)) @ vectors.T).reshape(x.shape)


def ghosts(layer, x):
    """Parts of 4 and of 2 images, and the running averages after one step from 0 and 1."""
    parts = x[:4], x[4:]
    for average, start, statistic in (
        (layer.moving_mean, 0.0, np.mean), (layer.moving_variance, 1.0, np.var)
    ):  # fmt: skip
        over_parts = np.mean([statistic(part, axis=(0, 1, 2)) for part in parts], axis=0)
        expected = 0.75 * start + 0.25 * over_parts
        np.testing.assert_allclose(to_numpy(average), expected, rtol=1e-13)
    return np.concatenate([normalized(part, (0, 1, 2), 1e-3) for part in parts])


def plain(units):
    """A dense layer; Keras's own loses digits on PyTorch."""
    return layers.DropConnectDense(units, 0, bias_initializer="normal", dtype="float64")


def dense(layer, x):
    return x @ to_numpy(layer.kernel) + to_numpy(layer.bias)


def maxout(layer, x):
    maps = np.einsum("nf,fup->nup", x, to_numpy(layer.kernel)) + to_numpy(layer.bias)
    return maps.max(axis=-1)


def whitened(layer, x):
    return (x - to_numpy(layer.mean)) @ to_numpy(layer.matrix)


def softmax(layer, x):
    exponentials = np.exp(x / 2.5)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def expected_rectified(layer, x):
    from scipy.stats import norm

    kernel, bias = to_numpy(layer.kernel), to_numpy(layer.bias)
    mean = 0.6 * (x @ kernel + bias)
    std = np.sqrt(0.24 * ((x * x) @ (kernel * kernel) + bias * bias))
    return mean * norm.cdf(mean / std) + std * norm.pdf(mean / std)


def stochastic(layer, x):
    return x + 0.6 * dense(layer.branch, x)


def scaled(layer, x):
    return (x - 1.1) / 0.7


def preprocessed(layer, x):
    return (x[:, :4, :4] - 1.1) / 0.7  # 5 x 4 to 4 x 4: a crop of one row, no resampling


CASES = {
    "GroupNormalization": (lambda: layers.GroupNormalization(2), IMAGES, group, False),
    "InstanceNormalization": (layers.InstanceNormalization, IMAGES, instance, False),
    "DecorrelatedBatchNormalization": (
        lambda: layers.DecorrelatedBatchNormalization(6, epsilon=1e-3),
        IMAGES, decorrelated, True,
    ),
    "GhostBatchNormalization": (
        lambda: layers.GhostBatchNormalization(4, momentum=0.75, epsilon=1e-3),
        IMAGES, ghosts, True,
    ),
    "Maxout": (lambda: layers.Maxout(4, 3, bias_initializer="normal"), VECTORS, maxout, False),
    "Whitening": (layers.Whitening, IMAGES, whitened, False),
    "TemperatureScaling": (
        lambda: layers.TemperatureScaling(2.5, from_logits=True), VECTORS, softmax, False,
    ),
    "ClassNames": (
        lambda: layers.ClassNames(list("abcdefghi")), VECTORS, lambda layer, x: x, False,
    ),
    "DropPath": (lambda: layers.DropPath(0.4), VECTORS, lambda layer, x: x, False),
    "DropConnect": (
        lambda: layers.DropConnect(plain(4)),
        VECTORS, lambda layer, x: dense(layer.layer, x), False,
    ),
    "DropConnectDense": (
        lambda: layers.DropConnectDense(4, 0.4, "relu", bias_initializer="normal"),
        VECTORS, expected_rectified, False,
    ),
    "StochasticDepth": (
        lambda: layers.StochasticDepth(plain(9), 0.4),
        VECTORS, stochastic, False,
    ),
    "PixelScaling": (lambda: layers.PixelScaling(1.1, 0.7), IMAGES, scaled, False),
    "ImagePreprocessing": (
        lambda: layers.ImagePreprocessing(4, 4, 1.1, 0.7), IMAGES, preprocessed, False,
    ),
}  # fmt: skip


def made(make):
    """The layer in float64, built, with digits in its weights that float32 does not hold."""
    keras.config.set_dtype_policy("float64")
    try:
        return make()
    finally:
        keras.config.set_dtype_policy("float32")


def test_every_layer_is_here():
    assert {class_name(key) for key in ROWS} == {*CASES, "FractionalMaxPooling2D"}


@pytest.mark.parametrize("key", CASES)
@pytest.mark.parametrize("short", [False, True], ids=["float64 in", "float32 in"])
def test_the_digits_are_those_of_float64(key, short):
    make, x, oracle, training = CASES[key]
    layer = made(make)
    if hasattr(layer, "adapt"):
        layer.adapt(x)
    takes_training = "training" in inspect.signature(layer.call).parameters
    options = {"training": training} if takes_training else {}
    inputs = x if short else x.astype("float64") + 1e-9
    inputs = keras.ops.convert_to_tensor(inputs, dtype="float32" if short else "float64")
    y = layer(inputs, **options)
    assert keras.backend.standardize_dtype(y.dtype) == "float64"
    assert all(v.dtype == "float64" for v in layer.weights if "float" in v.dtype)
    expected = oracle(layer, to_numpy(inputs).astype("float64"))
    np.testing.assert_allclose(to_numpy(y), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("key", ROWS)
def test_every_row_of_the_contract_stays_float64(key, training):
    row = ROWS[key]
    layer = made(row.make)
    if row.prepare is not None:
        row.prepare(layer)
    y = layer(keras.ops.convert_to_tensor(row.inputs(row.shape)), training=training)
    assert keras.backend.standardize_dtype(y.dtype) == "float64"


def test_pooling_keeps_the_digits():
    layer = made(lambda: layers.FractionalMaxPooling2D(1.4))
    x = IMAGES.astype("float64") + 1e-9
    y = to_numpy(layer(keras.ops.convert_to_tensor(x)))
    assert np.isin(y, x).all()


def test_the_multiclass_hinge():
    scores, labels = RNG.normal(size=(20, 5)), RNG.integers(0, 5, 20)
    right = scores[np.arange(20), labels][:, None]
    expected = np.maximum(0, scores - right + 0.3).sum(axis=1) - 0.3
    loss = losses.MulticlassHinge(0.3, dtype="float64")
    labels, scores = map(keras.ops.convert_to_tensor, (labels, scores))
    # Not called: Keras reduces in float32 on PyTorch.
    np.testing.assert_allclose(to_numpy(loss.call(labels, scores)), expected, rtol=1e-13)
