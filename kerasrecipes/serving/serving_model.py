"""Models that take raw pixels: preprocessing in front of a trained network."""

from typing import Any

import keras

from kerasrecipes.layers import ImagePreprocessing


def serving_model(model: keras.Model, preprocessing: Any, channels: int) -> keras.Model:
    """Return `model` with a preprocessing layer in front, so that it takes raw pixels.

    Args:
        model: Keras model from network input to probabilities.
        preprocessing: Layer from raw pixels `(batch, height, width, channels)` to network input.
        channels: int.

    Returns:
        A `keras.Model` of images in 0..255, of any size that is the same within a batch.

    Example:

    >>> import keras
    >>> from kerasrecipes import layers, serving
    >>> network = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])
    >>> network.add(keras.layers.Dense(2, "softmax"))
    >>> model = serving.serving_model(network, layers.ImagePreprocessing(8), channels=3)
    >>> model(keras.ops.zeros((1, 30, 20, 3))).shape == (1, 2)
    True
    """
    inputs = keras.Input((None, None, channels), name="pixels", dtype="float32")
    return keras.Model(inputs, model(preprocessing(inputs)), name=f"{model.name}_from_pixels")


def serving_classifier(model: keras.Model, crop: Any, images: Any) -> Any:
    """Return `model` with the test crop in front; grey if the data set is, so that it takes pixels.

    Args:
        model: Keras model of RGB images in 0..255 of the crop's size.
        crop: The `augment.CenterCrop` used for testing.
        images: The `data.ImageData` used for training; its channels are those of the input.
    """
    preprocessing = ImagePreprocessing(crop.size, crop.resize, dtype="float32")

    def prepare(pixels):
        cropped = preprocessing(pixels)
        return keras.layers.Concatenate()([cropped] * 3) if images.channels == 1 else cropped

    return serving_model(model, prepare, images.channels)
