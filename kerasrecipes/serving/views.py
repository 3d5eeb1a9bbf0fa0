"""Views of an image at test time, over which predictions are averaged."""

from typing import Any

import keras
import numpy as np

from kerasrecipes import augment
from kerasrecipes._backend.keras_internals import flatten_layers, outputs_in_graph
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
        channels: 1 or 3.

    Attributes:
        count: int, views per image.
        model: Keras model of batches of views.
    """

    def __init__(self, model: keras.Model, kind: str, channels: int) -> None:
        self.count, self._kind = COUNTS[kind], kind
        self.model, self._mean, self._std = model, 0.0, 1.0
        size, scale = model.inputs[0].shape[1], None
        found = preprocessing_of(model)
        if found is not None:
            flat = flat_model(model)
            size, scale = found.size, found.resize
            self._mean, self._std = (np.asarray(v, "float32") for v in (found.mean, found.std))
            self.model = keras.Model(outputs_in_graph(flat)[found], flat.outputs[0])
        self._crop = None if size is None else augment.CenterCrop(size, scale, channels)
        if kind == "ten-crop" and size is None:
            raise ValueError(
                f"Ten crops need the size of the network's images, which {model.name} does not "
                "tell: it has no ImagePreprocessing, and takes images of any size"
            )
        if kind == "ten-crop":
            self._crop = augment.TenCrop(size, (scale or round(size * 256 / 224),), channels)

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
