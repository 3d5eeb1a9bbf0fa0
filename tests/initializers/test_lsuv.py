"""LSUV beside the algorithm of the paper in NumPy, and what it refuses."""

import keras
import numpy as np
import pytest

from kerasrecipes.initializers import LSUV

GENERATOR = np.random.default_rng(3)
IMAGES = GENERATOR.normal(2.0, 3.0, size=(64, 12, 12, 3)).astype("float32")
ROWS = GENERATOR.normal(1.0, 5.0, size=(200, 30)).astype("float32")


def weights(model):
    return [np.array(w) for w in model.get_weights()]


def kernel_of(layer, name="kernel"):
    return keras.ops.convert_to_numpy(getattr(layer, name)).astype("float64")


def test_dense_layers_are_those_of_the_algorithm_in_numpy():
    model = keras.Sequential(
        [keras.Input((30,))] + [keras.layers.Dense(n, "tanh") for n in (40, 20, 5)]
    )
    scales = LSUV(tolerance=1e-3, seed=4)(model, ROWS)
    generator, x = np.random.default_rng(4), ROWS.astype("float64")
    for layer, scale in zip(model.layers, scales.values()):
        rows, columns = layer.kernel.shape
        q, r = np.linalg.qr(generator.normal(size=(max(rows, columns), min(rows, columns))))
        q = q * np.sign(np.diag(r))
        q = q if rows >= columns else q.T
        np.testing.assert_allclose(scale.before, (x @ q).var(), rtol=1e-4)
        expected = q / (x @ q).std()
        np.testing.assert_allclose(kernel_of(layer), expected, atol=1e-5)
        np.testing.assert_allclose(scale.after, 1, atol=1e-3)
        x = np.tanh(x @ expected)


LAYERS = {
    "conv": lambda: keras.layers.Conv2D(8, 3, activation="relu"),
    "grouped": lambda: keras.layers.Conv2D(6, 3, groups=3),
    "transposed": lambda: keras.layers.Conv2DTranspose(5, 3, strides=2),
    "depthwise": lambda: keras.layers.DepthwiseConv2D(3, depth_multiplier=2, activation="elu"),
    "separable": lambda: keras.layers.SeparableConv2D(7, 3, depth_multiplier=2),
    "biased": lambda: keras.layers.Conv2D(8, 1, bias_initializer="random_normal"),
}


@pytest.mark.parametrize("name", LAYERS)
def test_outputs_before_the_activation_have_unit_variance(name):
    layer = LAYERS[name]()
    model = keras.Sequential([keras.Input((12, 12, 3)), layer])
    LSUV(tolerance=1e-3)(model, IMAGES)
    activation = layer.activation
    layer.activation = keras.activations.linear
    outputs = keras.ops.convert_to_numpy(model(IMAGES))
    layer.activation = activation
    np.testing.assert_allclose(outputs.var(), 1, atol=2e-3)


@pytest.mark.parametrize("name", ["conv", "grouped", "transposed", "depthwise"])
def test_kernels_are_orthogonal(name):
    layer = LAYERS[name]()
    LSUV()(keras.Sequential([keras.Input((12, 12, 3)), layer]), IMAGES)
    kernel = kernel_of(layer)
    if name == "transposed":
        kernel = np.swapaxes(kernel, -1, -2)
    matrices = [kernel.reshape(-1, kernel.shape[-1])]
    if name == "depthwise":
        matrices = [kernel[:, :, c].reshape(9, 2) for c in range(3)]
    for matrix in matrices:
        gram = matrix.T @ matrix
        np.testing.assert_allclose(gram, gram[0, 0] * np.eye(len(gram)), atol=1e-4 * gram[0, 0])


def nested():
    inner = keras.Sequential([keras.Input((12, 12, 4)), keras.layers.Conv2D(4, 3, padding="same")])
    inputs = keras.Input((12, 12, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dropout(0.5)(keras.layers.add([x, inner(x)]))
    outputs = keras.layers.Dense(3, "softmax", name="last")(keras.layers.Flatten()(x))
    return keras.Model(inputs, outputs)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.late = keras.layers.Dense(3, name="late")
        self.early = keras.layers.Dense(20, "relu", name="early")

    def call(self, x):
        return self.late(self.early(self.early(x)))


def test_nested_models_are_scaled_in_the_order_of_the_calls():
    model = nested()
    normalization = [w for w in model.weights if "normal" in w.path]
    before = [np.array(w) for w in normalization]
    scales = LSUV()(model, IMAGES)
    assert list(scales)[0] == "first" and list(scales)[-1] == "last" and len(scales) == 3
    assert all(abs(scale.after - 1) < 0.1 for scale in scales.values())
    for value, weight in zip(before, normalization):
        np.testing.assert_array_equal(value, keras.ops.convert_to_numpy(weight))


def test_layers_that_are_shared_are_scaled_at_their_first_call():
    model, rows = Subclassed(), ROWS[:, :20]
    model(rows)
    scales = LSUV(tolerance=0.01)(model, rows)
    assert list(scales) == ["early", "late"]
    kernel = kernel_of(model.early)
    np.testing.assert_allclose((rows.astype("float64") @ kernel).var(), 1, atol=0.02)


def test_same_seed_same_weights_and_a_frozen_layer_stays():
    model = nested()
    frozen = model.get_layer("last")
    frozen.trainable = False
    before = frozen.get_weights()[0]
    LSUV(seed=5)(model, IMAGES)
    first = weights(model)
    LSUV(seed=5)(model, IMAGES)
    for one, other in zip(first, weights(model)):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(before, frozen.get_weights()[0])
    LSUV(seed=6)(model, IMAGES)
    assert not np.array_equal(first[0], weights(model)[0])


def test_a_model_that_cannot_be_scaled_is_left_as_it_was():
    model = nested()
    before, calls = weights(model), [vars(layer).get("call") for layer in model.layers]
    for images in (np.zeros_like(IMAGES), np.full_like(IMAGES, np.nan)):
        with pytest.raises(ValueError, match="outputs of first with variance"):
            LSUV()(model, images)
    for one, other in zip(before, weights(model)):
        np.testing.assert_array_equal(one, other)
    assert calls == [vars(layer).get("call") for layer in model.layers]
    assert model.get_layer("first").activation is keras.activations.relu


def test_recurrent_layers_are_left_out():
    model = keras.Sequential([keras.Input((5, 4)), keras.layers.LSTM(6), keras.layers.Dense(2)])
    before = model.layers[0].get_weights()
    scales = LSUV()(model, GENERATOR.normal(size=(32, 5, 4)).astype("float32"))
    assert list(scales) == [model.layers[1].name]
    for one, other in zip(before, model.layers[0].get_weights()):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: LSUV(tolerance=0), ValueError, "tolerance"),
        (lambda: LSUV(max_iterations=0), ValueError, "max_iterations"),
        (lambda: LSUV(seed=-1), ValueError, "seed"),
        (lambda: LSUV(seed=0.5), TypeError, "seed"),
        (lambda: LSUV()(keras.layers.Dense(2), ROWS), TypeError, "keras.Model"),
        (lambda: LSUV()(keras.Sequential([keras.layers.Dense(2)]), ROWS), ValueError, "built"),
        (lambda: LSUV()(nested(), IMAGES[:1]), ValueError, "2 examples"),
        (
            lambda: LSUV()(
                keras.Sequential([keras.Input((30,)), keras.layers.Activation("relu")]), ROWS
            ),
            ValueError,
            "trainable kernel",
        ),
    ],
)
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
