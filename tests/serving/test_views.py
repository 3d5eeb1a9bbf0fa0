"""Views of images: of models of one size, and of a preprocessing that is not the first layer."""

import keras
import numpy as np
import pytest

from kerasrecipes import augment, layers, serving

NAMES = ("cat", "dog")


def network(shape=(12, 12, 3)):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(shape), keras.layers.Rescaling(1 / 255)])
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(2, "softmax"))
    return model


def pixels(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), "uint8")


def test_a_model_that_takes_pixels_of_one_size_gets_images_of_any(tmp_path):
    model = network()
    serving.save(model, None, NAMES, tmp_path / "raw.keras")
    classifier = serving.load_classifier(tmp_path / "raw.keras")
    crop = augment.CenterCrop(12)(pixels(40, 31)).numpy()
    expected = model.predict(crop[None], verbose=0)[0]
    np.testing.assert_allclose(next(classifier.predict([pixels(40, 31)])), expected, atol=1e-5)
    assert classifier.size == (12, 12)


@pytest.mark.parametrize("shape", [(12, 12, 3), (12, 20, 3)])
def test_a_flip_is_of_the_image_as_the_model_prepares_it(shape):
    classifier = serving.Classifier(serving.named_model(network(shape), NAMES), NAMES, 3, shape[:2])
    image = pixels(*shape[:2])
    plain, mirrored = classifier.predict([image, image[:, ::-1]])
    flipped = next(classifier.predict([image], "flip"))
    np.testing.assert_allclose(flipped, (plain + mirrored) / 2, atol=1e-6)
    assert np.abs(plain - mirrored).max() > 0.01


def test_ten_crops_are_squares():
    model = serving.named_model(network((12, 20, 3)), NAMES)
    classifier = serving.Classifier(model, NAMES, 3, (12, 20))
    with pytest.raises(ValueError, match="12x20 pixels"):
        next(classifier.predict([pixels(12, 20)], "ten-crop"))


@pytest.mark.parametrize("views", [None, "flip"])
def test_a_layer_in_front_of_the_preprocessing_is_not_left_out(views):
    front = keras.Sequential([keras.layers.Rescaling(0.5), layers.ImagePreprocessing(12)])
    model = serving.named_model(serving.serving_model(network(), front, 3), NAMES)
    classifier = serving.Classifier(model, NAMES, 3, (None, None))
    image = pixels(40, 31)
    both = model.predict(np.stack([image, image[:, ::-1]]), verbose=0)
    expected = both[0] if views is None else both.mean(axis=0)
    np.testing.assert_allclose(next(classifier.predict([image], views)), expected, atol=1e-5)
