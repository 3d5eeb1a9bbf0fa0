"""The last batch has the size of those before it where another size would be compiled."""

import sys

import keras
import numpy as np
import pytest

from kerasrecipes import inference, serving, transfer
from kerasrecipes._backend.padded_predict import padded_predict, predict_array

IMAGES = np.random.default_rng(0).normal(size=(11, 6, 6, 2)).astype("float32")
BATCHES = [IMAGES[start : start + 4] for start in (0, 4, 8)]  # of 4, 4 and 3 images
COMPILES = keras.backend.backend() != "torch"


class Sizes(keras.layers.Layer):
    """Keeps the batch sizes that its call was traced with."""

    def __init__(self):
        super().__init__()
        self.traced = []

    def call(self, x):
        self.traced.append(x.shape[0])
        return x


@pytest.fixture
def network():
    """A model with normalisation and dropout, compiled by size, and its list of batch sizes."""
    keras.utils.set_random_seed(0)
    sizes = Sizes()
    model = keras.Sequential([
        keras.Input((6, 6, 2)), sizes, keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.5), keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(3, "softmax"),
    ])  # fmt: skip
    model.compile(jit_compile=COMPILES)
    sizes.traced.clear()
    return model, sizes.traced


def expected(model, images):
    """The output of each image computed alone, with nothing compiled."""
    outputs = [model(image[None], training=False) for image in images]
    return np.concatenate([keras.ops.convert_to_numpy(output) for output in outputs])


def test_crops_are_compiled_once(network):
    model, traced = network
    before = [weight.copy() for weight in model.get_weights()]
    result = inference.multi_crop_predict(model, BATCHES)
    assert (set(traced) == {4} and len(traced) == 1) or not COMPILES
    np.testing.assert_allclose(result, expected(model, IMAGES), atol=1e-6)
    for weight, kept in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, kept)


def test_arrays_are_compiled_once(network):
    model, traced = network
    result = predict_array(model, IMAGES, 4)
    assert (set(traced) == {4} and len(traced) == 1) or not COMPILES
    np.testing.assert_allclose(result, expected(model, IMAGES), atol=1e-6)
    np.testing.assert_allclose(predict_array(model, IMAGES[:2], 4), result[:2], atol=1e-6)


def test_photos_are_compiled_once_for_each_size(network, monkeypatch):
    model, traced = network
    monkeypatch.setattr(sys.modules["kerasrecipes.serving.classifier"], "IMAGES_AT_ONCE", 4)
    monkeypatch.setattr(serving.Classifier, "preprocess", lambda self, image: image)
    classifier = serving.Classifier(model, ("a", "b", "c"), channels=3, size=(6, 6))
    result = np.stack(list(classifier.predict(IMAGES)))
    assert (set(traced) == {4} and len(traced) == 1) or not COMPILES
    np.testing.assert_allclose(result, expected(model, IMAGES), atol=1e-6)


def test_many_crops_are_divided_evenly(network):
    model, traced = network
    crops = np.stack([IMAGES, IMAGES[::-1], IMAGES + 1], axis=1)
    batches = [crops[:8], crops[8:]]  # 24 crops in 3 parts of 8, not 10, 10 and 4; then 9
    result = inference.multi_crop_predict(model, batches, batch_size=10)
    assert traced == [8] or not COMPILES
    parts = [expected(model, crops[:, place]) for place in range(3)]
    np.testing.assert_allclose(result, np.mean(parts, axis=0), atol=1e-6)


def test_a_small_first_batch_does_not_make_the_others_small(network, monkeypatch):
    model, _ = network
    sizes, predict = [], model.predict_on_batch
    monkeypatch.setattr(model, "predict_on_batch", lambda x: sizes.append(len(x)) or predict(x))
    result = inference.multi_crop_predict(model, [IMAGES[:1], IMAGES[1:9]], batch_size=4)
    assert sizes == [1, 4, 4]
    np.testing.assert_allclose(result, expected(model, IMAGES[:9]), atol=1e-6)


@pytest.mark.parametrize("data", [IMAGES, BATCHES], ids=["arrays", "batches"])
def test_features_are_compiled_once(network, data):
    model, traced = network
    layer = model.layers[-2].name
    result = transfer.extract_features(model, data, [layer], batch_size=4)[layer]
    pooled = keras.Model(model.inputs, model.get_layer(layer).output)
    if keras.backend.backend() == "jax":
        assert traced.count(4) == 1 and 3 not in traced
    np.testing.assert_allclose(result, expected(pooled, IMAGES), atol=1e-6)


def test_what_is_not_compiled_is_not_repeated(network):
    model, traced = network
    model.compile(run_eagerly=True, jit_compile=False)
    assert padded_predict(model, IMAGES[:3], 8).shape == (3, 3)
    assert traced == [3]


@pytest.mark.skipif(not COMPILES, reason="PyTorch compiles nothing by itself")
def test_an_array_keeps_its_dtype(network):
    inputs = keras.Input((6, 6, 2), dtype="uint8")
    model = keras.Model(inputs, keras.layers.Identity(dtype="uint8")(inputs))
    model.compile(jit_compile=True)
    pixels = np.arange(3 * 72, dtype="uint8").reshape(3, 6, 6, 2)
    result = padded_predict(model, pixels, 5)
    assert result.dtype == "uint8"
    np.testing.assert_array_equal(result, pixels)
