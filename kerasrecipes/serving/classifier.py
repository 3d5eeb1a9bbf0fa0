"""A classifier of images of any size: the model, and the names of its classes."""

import dataclasses
from typing import Any

import keras
import numpy as np

from kerasrecipes import augment

PIXELS_AT_ONCE, IMAGES_AT_ONCE = 2**24, 64


@dataclasses.dataclass(frozen=True)
class Classifier:
    """A model of raw images that knows its classes.

    Attributes:
        model: Keras model from pixels in 0..255 `(batch, height, width, channels)` to
            probabilities `(batch, classes)`.
        class_names: Tuple of strings.
        channels: 1 or 3.
        size: `(height, width)` of the images that the model takes, `None` for any.
    """

    model: keras.Model
    class_names: tuple[str, ...]
    channels: int
    size: tuple[int | None, int | None]

    def preprocess(self, image: Any) -> Any:
        """An image as the model takes it: where its size is fixed, resized and cropped.

        As in testing: the short side becomes 256/224 of the model's, the centre is kept.
        """
        height, width = self.size
        if None in self.size or image.shape[:2] == self.size:
            return image
        if height != width:
            raise ValueError(
                f"{self.model.name} takes images of {height}x{width} pixels alone. "
                f"Received: {image.shape[0]}x{image.shape[1]}"
            )
        return np.asarray(augment.CenterCrop(height, channels=self.channels)(image))

    def predict(self, images: Any) -> Any:
        """Yield the probabilities of each of an iterable of arrays `(height, width, channels)`.

        Images that follow each other with one size go through the model together.
        """
        batch = []
        for image in map(self.preprocess, images):
            most = min(IMAGES_AT_ONCE, PIXELS_AT_ONCE // (image.shape[0] * image.shape[1]))
            if batch and (image.shape != batch[0].shape or len(batch) >= most):
                yield from self._probabilities(batch)
                batch = []
            batch.append(image)
        if batch:
            yield from self._probabilities(batch)

    def _probabilities(self, batch):
        dtype = keras.backend.standardize_dtype(self.model.inputs[0].dtype)
        return np.asarray(self.model.predict_on_batch(np.stack(batch).astype(dtype)), "float32")
