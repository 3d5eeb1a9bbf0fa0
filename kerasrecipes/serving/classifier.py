"""A classifier of images of any size: the model and the names of its classes."""

import dataclasses
import itertools
from typing import Any

import keras
import numpy as np

from kerasrecipes import augment
from kerasrecipes._backend.padded_predict import padded_predict
from kerasrecipes._validation import check_choice
from kerasrecipes.serving.views import VIEWS, Views, preprocessing_of

PIXELS_AT_ONCE, IMAGES_AT_ONCE = 2**24, 64


@dataclasses.dataclass(frozen=True)
class Classifier:
    """A model of raw images with the names of its classes.

    Attributes:
        model: Keras model from pixels in 0..255 `(batch, height, width, channels)` to
            probabilities `(batch, classes)`.
        class_names: Tuple of strings.
        channels: int, 1 or 3.
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

    def network_view(self, image: Any) -> Any:
        """Return the part of an image that the network sees, as uint8, for pictures."""
        found = preprocessing_of(self.model)
        image = self.preprocess(image)
        if found is not None:
            crop = augment.CenterCrop(found.size, found.resize, self.channels)
            image = np.asarray(crop(image))
        return np.clip(np.round(image), 0, 255).astype("uint8")

    def threshold(self, label: int) -> float:
        """Return the probability from which on one of several labels is predicted."""
        return 0.5 if self.thresholds is None else self.thresholds[label]

    def predict(self, images: Any, views: str | None = None) -> Any:
        """Yield the probabilities for each of an iterable of arrays `(height, width, channels)`.

        Images are read a few at a time, up to 64 or 16 megapixels, and predicted in batches, in
        the order of the images: all together where the model has its preprocessing inside, which
        is done by the crop of the tests, else those of one size.

        Args:
            images: Iterable of arrays.
            views: `"flip"` averages over an image and its mirror image, `"ten-crop"` over ten crops
                at the size of the network; `None` (default) is the image alone.
        """
        if views is not None:
            check_choice("views", views, VIEWS)
        if views != "ten-crop":  # which cuts the crops out of the image itself
            images = map(self.preprocess, images)
        taken = Views(self.model, views or "centre", self.channels)
        stream = itertools.chain.from_iterable(map(taken, images))
        outputs = self._predict(taken.model, stream)
        while group := list(itertools.islice(outputs, taken.count)):
            yield np.mean(group, axis=0)

    def _predict(self, model, images):
        """Yield the output for each image, batch by batch of equal sizes."""
        window, pixels, sizes = [], 0, {}
        for image in images:
            size = image.shape[0] * image.shape[1]
            if window and (len(window) >= IMAGES_AT_ONCE or pixels + size > PIXELS_AT_ONCE):
                yield from _outputs(model, window, sizes)
                window, pixels = [], 0
            window.append(image)
            pixels += size
        if window:
            yield from _outputs(model, window, sizes)


def _outputs(model, images, sizes):
    """Return the outputs in the order of the images, those of one shape computed at once.

    `sizes` is filled with the largest number of images of each shape, to which fewer are padded.
    """
    dtype = keras.backend.standardize_dtype(model.inputs[0].dtype)
    places, outputs = {}, [None] * len(images)
    for place, image in enumerate(images):
        places.setdefault(image.shape, []).append(place)
    for shape, same in places.items():
        batch = np.stack([images[place] for place in same]).astype(dtype)
        sizes[shape] = max(sizes.get(shape, 0), len(same))
        predicted = np.asarray(padded_predict(model, batch, sizes[shape]), "float32")
        for place, output in zip(same, predicted):
            outputs[place] = output
    return outputs
