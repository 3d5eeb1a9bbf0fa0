"""Grad-CAM of the most confident mistakes: the heat lies where the network sees its answer."""

import dataclasses

import keras
import numpy as np
import pytest

from kerasrecipes import augment, data, layers, serving
from kerasrecipes.evaluation import MultilabelTask, RegressionTask, TestResult
from kerasrecipes.experiment.explanations import explanations

SIDE, COUNT = 16, 12
pytestmark = pytest.mark.filterwarnings("ignore:.*fewer than 10", "ignore:.*another class")


def corner(index):
    """Rows and columns of the square of an image."""
    return slice(0, 12) if index % 2 else slice(20, 32), slice(0, 12) if index % 3 else slice(
        20, 32
    )


@pytest.fixture(scope="module")
def images():
    """Images of 32x32 pixels with a red square in a corner, of as many of each class."""
    pixels = (
        np.zeros((COUNT, 32, 32, 3), "uint8") + np.arange(COUNT, dtype="uint8")[:, None, None, None]
    )
    for index in range(COUNT):
        pixels[index][corner(index)] = (250, 0, 0)
    labels = np.arange(COUNT) % 2
    loaded = data.load((pixels, labels, pixels[:, ::-1], labels))
    return dataclasses.replace(loaded, class_names=("cat", "dog"))


def served(activation="softmax"):
    """A network of pixels that sees the second class where it is red."""
    inputs = keras.Input((SIDE, SIDE, 3))
    maps = keras.layers.Conv2D(1, 1, use_bias=False, name="red")(inputs)
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    network = keras.Model(inputs, keras.layers.Dense(2, activation, name="head")(pooled))
    network.get_layer("red").set_weights([np.float32([[[[0.01], [0], [0]]]])])
    network.get_layer("head").set_weights([np.float32([[-9, 9]]), np.zeros(2, "float32")])
    pixels = layers.ImagePreprocessing(SIDE, SIDE)
    return serving.named_model(serving.serving_model(network, pixels, 3), ["cat", "dog"])


def check(figure, order, title):
    axes = figure.axes[: 2 * len(order)]
    for index, plain, heated in zip(order, axes[::2], axes[1::2]):
        heat = np.asarray(heated.images[-1].get_array())
        rows, columns = corner(index)
        assert heat.shape == (SIDE, SIDE) and heat.max() == pytest.approx(1)
        # The test images are upside down.
        inside = heat[::-1][
            rows.start // 2 : rows.stop // 2, columns.start // 2 : columns.stop // 2
        ]
        assert inside.mean() > 0.9 and heat.sum() < 1.3 * inside.sum()
        assert plain.images[0].get_array().shape == (SIDE, SIDE, 3)
        assert (plain.get_title(), heated.get_title()) == title


def test_a_class(images):
    probabilities = np.tile([0.1, 0.9], (COUNT, 1))
    probabilities[:, 1] -= np.arange(COUNT) / 100
    result = TestResult("test", 1, probabilities, images.test.labels, 1.0)
    figure = explanations(served(), images, result, augment.CenterCrop(SIDE, SIDE))
    check(figure, [0], ("is cat", "dog 90%"))
    assert sum(bool(axes.images) for axes in figure.axes) == 2 * (COUNT // 2)  # the cats


def test_several_labels(images):
    labels = np.zeros((COUNT, 2), "float32")
    probabilities = np.tile([0.1, 0.2], (COUNT, 1))
    probabilities[5, 1] = 0.8
    result = TestResult("t", 1, probabilities, labels, 1.0, task=MultilabelTask((0.5, 0.5)))
    figure = explanations(served("sigmoid"), images, result, augment.CenterCrop(SIDE, SIDE))
    check(figure, [5], ("is none", "dog (80%)"))


def test_nothing_to_explain(images):
    crop, right = augment.CenterCrop(SIDE, SIDE), np.eye(2)[images.test.labels]
    result = TestResult("test", 1, right, images.test.labels, 1.0)
    assert explanations(served(), images, result, crop) is None
    numbers = TestResult("t", 1, right, right + 1, 1.0, task=RegressionTask((0.0,) * 2, (1.0,) * 2))
    assert explanations(served(), images, numbers, crop) is None
    flat = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten()])
    flat.add(keras.layers.Dense(2, "softmax"))
    wrong = TestResult("test", 1, right[::-1], images.test.labels, 1.0)
    model = serving.serving_model(flat, layers.ImagePreprocessing(4), 3)
    assert explanations(model, images, wrong, augment.CenterCrop(4)) is None
