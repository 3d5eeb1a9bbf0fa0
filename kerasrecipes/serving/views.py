"""Views of an image at test time, over which predictions are averaged."""

from typing import Any

import keras
import numpy as np

from kerasrecipes import augment
from kerasrecipes._backend.keras_internals import flatten_layers, input_in_graph, outputs_in_graph
from kerasrecipes.layers import ImagePreprocessing
from kerasrecipes.serving.flat_model import flat_model

VIEWS = ("flip", "ten-crop")
COUNTS = {"centre": 1, "flip": 2, "ten-crop": 10}


class Views:
    """The views of an image, and the model that takes them.

    - `"centre"`: the image as the model prepares it, 1 view.
    - `"flip"`: that and its mirror image, 2 views.
    - `"ten-crop"`: corners, centre and their mirror images at the size of the network, 10 views.
      They are cut out of the image scaled as the model's own preprocessing scales it.

    A preprocessing inside the model is done here, by the same crop as in testing, so that images of
    all sizes are predicted together.

    Args:
        model: Keras model of pixels.
        kind: str, one of the above.
        channels: int, 1 or 3.

    Attributes:
        count: int, views per image.
        model: Keras model of batches of views.
    """

    def __init__(self, model: keras.Model, kind: str, channels: int) -> None:
        self.count, self._kind = COUNTS[kind], kind
        self.model, self._mean, self._std, self._crop = model, 0.0, 1.0, None
        (height, width), scale = model.inputs[0].shape[1:3], None
        found = replaceable_preprocessing(model)
        if found is not None:
            flat = flat_model(model)
            height = width = found.size
            scale = found.resize
            self._mean, self._std = (np.asarray(v, "float32") for v in (found.mean, found.std))
            self.model = keras.Model(outputs_in_graph(flat)[found], flat.outputs[0])
            self._crop = augment.CenterCrop(height, scale, channels)
        if kind == "ten-crop":
            if height is None or height != width:
                raise ValueError(
                    "Ten crops need the size of the network's images, a square, which "
                    f"{model.name} does not tell: it takes images of {height}x{width} pixels"
                )
            self._crop = augment.TenCrop(height, (scale or round(height * 256 / 224),), channels)

    def __call__(self, image: Any) -> list[np.ndarray]:
        """Return the views of an array `(height, width, channels)`."""
        if self._crop is not None:
            image = (np.asarray(self._crop(image)) - self._mean) / self._std
        if self._kind == "ten-crop":
            return list(image)
        return [image, image[:, ::-1]][: self.count]


def preprocessing_of(model: keras.Model) -> Any:
    """Return the model's `layers.ImagePreprocessing`, or `None`."""
    layers = flatten_layers(model)
    return next((layer for layer in layers if isinstance(layer, ImagePreprocessing)), None)


def replaceable_preprocessing(model: keras.Model) -> Any:
    """Return the `layers.ImagePreprocessing` that takes the model's pixels as they are, or `None`.

    One behind another layer cannot be done outside of the model.
    """
    found = preprocessing_of(model)
    if found is None:
        return None
    flat = flat_model(model)
    is_first = found in outputs_in_graph(flat) and input_in_graph(flat, found) is flat.inputs[0]
    return found if is_first else None
