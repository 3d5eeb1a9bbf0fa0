"""A classifier of images of any size: the model and the names of its classes."""

import dataclasses
from typing import Any

import keras
import numpy as np

from kerasrecipes import augment

PIXELS_AT_ONCE, IMAGES_AT_ONCE = 2**24, 64


@dataclasses.dataclass(frozen=True)
class Classifier:
    """A model of raw images with the names of its classes.

    Attributes:
        model: Keras model from pixels in 0..255 `(batch, height, width, channels)` to
            probabilities `(batch, classes)`.
        class_names: Tuple of strings.
        channels: 1 or 3.
        size: `(height, width)` of the model's input, `None` for any.
        task: `"classes"`, `"multilabel"` or `"regression"`: what the model predicts.
        thresholds: Tuple of floats, from which probability on each of several labels is predicted,
            or `None` for 0.5.
    """

    model: keras.Model
    class_names: tuple[str, ...]
    channels: int
    size: tuple[int | None, int | None]
    task: str = "classes"
    thresholds: tuple[float, ...] | None = None

    def preprocess(self, image: Any) -> Any:
        """Return an image for the model: resized and cropped if the model's input size is fixed.

        As in testing, the short side becomes 256/224 of the input size, then the centre is cropped.
        """
        height, width = self.size
        if None in self.size or image.shape[:2] == self.size:
            return image
        if height != width:
            raise ValueError(
                f"{self.model.name} takes only images of {height}x{width} pixels. "
                f"Received: {image.shape[0]}x{image.shape[1]}"
            )
        return np.asarray(augment.CenterCrop(height, channels=self.channels)(image))

    def predict(self, images: Any) -> Any:
        """Yield the probabilities for each of an iterable of arrays `(height, width, channels)`.

        Successive images of the same size are predicted as a batch.
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
