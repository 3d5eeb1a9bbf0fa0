"""Grad-CAM against a NumPy computation of the same gradients, flat and nested, on any backend."""

import keras
import numpy as np
import pytest

from kerasrecipes import layers, models, serving
from kerasrecipes.serving.flat_model import flat_model
from kerasrecipes.serving.grad_cam import grad_cam

SIDE, CLASSES = 12, 3


def small_network(activation="softmax"):
    """A convolution and a hidden dense layer, so that gradients differ from place to place."""
    inputs = keras.Input((SIDE, SIDE, 3))
    maps = keras.layers.Conv2D(5, 3, strides=2, activation="relu", name="maps")(inputs)
    hidden = keras.layers.Dense(7, "tanh", name="hidden")(keras.layers.Flatten()(maps))
    outputs = keras.layers.Dense(CLASSES, activation, name="head")(hidden)
    model = keras.Model(inputs, outputs)
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
    return model


def heat_by_numpy(model, pixels, label):
    """The paper's formula in float64, with the derivatives written out."""
    features = keras.Model(model.inputs[0], model.get_layer("maps").output)
    maps = np.float64(features.predict(pixels[None], verbose=0)[0])
    kernel, bias = (np.float64(w) for w in model.get_layer("hidden").get_weights())
    head = np.float64(model.get_layer("head").get_weights()[0])
    hidden = np.tanh(maps.ravel() @ kernel + bias)
    gradient = (kernel @ ((1 - hidden**2) * head[:, label])).reshape(maps.shape)
    heat = np.maximum((maps * gradient.mean(axis=(0, 1))).sum(axis=-1), 0)
    assert heat.max() > 0
    return heat / heat.max()


def image(seed=0, side=SIDE):
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3)).astype("float32") / 100


@pytest.mark.parametrize("label", range(CLASSES))
@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_the_heat_is_that_of_numpy(label, activation):
    model = small_network(activation)
    explanation = grad_cam(model, image(), label)
    assert explanation.layer == "maps" and explanation.label == label
    np.testing.assert_allclose(explanation.heat, heat_by_numpy(model, image(), label), atol=1e-4)


def test_a_nested_model_behind_preprocessing_with_names():
    network = small_network()
    pixels = layers.ImagePreprocessing(SIDE, SIDE, mean=[0.0] * 3, std=[1.0] * 3)
    served = serving.named_model(serving.serving_model(network, pixels, 3), list("abc"))
    outer = keras.Sequential([keras.Input((SIDE, SIDE, 3)), served])
    expected = heat_by_numpy(network, image(), 1)
    for model in (served, outer):
        np.testing.assert_allclose(grad_cam(model, image(), 1).heat, expected, atol=1e-4)
    best = int(network.predict(image()[None], verbose=0).argmax())
    assert grad_cam(served, image()).label == best


def test_a_flat_model_computes_the_same_with_the_same_weights():
    network = models.resnet(8, (SIDE, SIDE, 3), 4, stochastic_depth=0.5, seed=0)
    nested = serving.serving_model(network, keras.layers.Rescaling(2.0), 3)
    flat = flat_model(nested)
    batch = np.stack([image(1), image(2)])
    np.testing.assert_allclose(
        flat.predict(batch, verbose=0), nested.predict(batch, verbose=0), atol=1e-6
    )
    assert not any(isinstance(layer, keras.Model) for layer in flat.layers)
    assert {id(w) for w in flat.weights} == {id(w) for w in nested.weights}


def test_what_cannot_be_explained():
    flat = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="feature map"):
        grad_cam(flat, np.zeros(4))
    with pytest.raises(ValueError, match="label=3"):
        grad_cam(small_network(), image(), 3)
