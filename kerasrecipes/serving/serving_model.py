"""Models that take raw pixels: preprocessing in front of a trained network."""

from typing import Any

import keras

from kerasrecipes.layers import ImagePreprocessing


def serving_model(model: keras.Model, preprocessing: Any, channels: int) -> keras.Model:
    """A model that takes raw pixels: `model` with a preprocessing layer in front.

    Args:
        model: Keras model from network input to probabilities.
        preprocessing: Layer from raw pixels `(batch, height, width, channels)` to network input.
        channels: int.

    Returns:
        A `keras.Model` of images of any size in 0..255, all of one batch of the same size.
    """
    inputs = keras.Input((None, None, channels), name="pixels", dtype="float32")
    return keras.Model(inputs, model(preprocessing(inputs)), name=f"{model.name}_from_pixels")


def serving_classifier(model: keras.Model, crop: Any, images: Any) -> Any:
    """A model of raw pixels, grey where all images are: the test crop in front of a model of RGB.

    Args:
        model: Keras model of RGB images in 0..255 of the crop's size.
        crop: The `augment.CenterCrop` that it was tested with.
        images: The `data.ImageData` that it was trained on.
    """
    preprocessing = ImagePreprocessing(crop.size, crop.resize, dtype="float32")

    def prepare(pixels):
        cropped = preprocessing(pixels)
        return keras.layers.Concatenate()([cropped] * 3) if images.channels == 1 else cropped

    return serving_model(model, prepare, images.channels)
