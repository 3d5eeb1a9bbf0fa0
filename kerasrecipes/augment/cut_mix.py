"""A rectangle of another image, and labels mixed by area."""

from typing import Any

import keras
import numpy as np

from kerasrecipes._backend.requirement import has_tensorflow
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._validation import check_number
from kerasrecipes.augment import device_pixels, draws, functional, host_draws
from kerasrecipes.augment.array_transform import apply_to_batch
from kerasrecipes.augment.mix_up import checked_batch
from kerasrecipes.augment.transform import Transform


@keras.saving.register_keras_serializable(package="kerasrecipes")
class CutMix(Transform):
    """Pastes a rectangle of the image before in the batch, and mixes the labels by its area.

    weight ~ Beta(alpha, alpha); sides sqrt(1 - weight) of the image's, rounded down; the centre
    uniform on the pixels; cut off at the border, and the area counted after that.

    Args:
        alpha: float >= 0, default 1.0 (the weight is uniform). 0 mixes nothing.

    Call arguments:
        images: (N, H, W, C).
        labels: (N, classes), floats, one-hot; `pipeline(..., num_classes=k)` makes them so.
        seeds: (N, 2) integers.

    Returns:
        images of the same dtype, labels of the same shape.

    Raises:
        ValueError, TypeError: if an argument is out of its range or of the wrong type.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment
    >>> images, labels = np.zeros((4, 8, 8, 3), "uint8"), np.eye(4, dtype="float32")
    >>> seeds = np.arange(8).reshape(4, 2)
    >>> augment.CutMix()(images, labels, seeds)[0].dtype
    tf.uint8

    Reference: Yun et al. (2019), https://arxiv.org/abs/1905.04899. The authors draw one
    rectangle a batch; here each image has its own.
    """

    takes_labels = True
    has_device_form = True

    def __init__(self, alpha: float = 1.0) -> None:
        check_number("alpha", alpha, "[0, inf)")
        self.alpha = alpha

    def __call__(self, images: Any, labels: Any, seeds: Any) -> Any:
        """Return mixed (images, labels) of a batch."""
        if not has_tensorflow():
            return apply_to_batch(self, images, labels, seeds)
        images, labels, seeds = checked_batch(images, labels, seeds)
        if self.alpha == 0:
            return images, labels
        return functional.cut_mix(images, labels, *self.draw(seeds, images))

    def draw(self, seeds: Any, images: Any) -> Any:
        """Return top, left, height and width of a rectangle for each image."""
        cut = tf.sqrt(1.0 - draws.beta(draws.fold(seeds, 0), self.alpha))
        spans = []
        for number, length in enumerate(functional.image_size(images)):
            center = draws.integers(draws.fold(seeds, number + 1), 0, length - 1)
            center = tf.cast(center, tf.int32)
            side = tf.cast(cut * tf.cast(length, tf.float32), tf.int32)
            first = tf.maximum(center - side // 2, 0)
            last = tf.minimum(center - side // 2 + side, length)
            spans.append((first, last - first))
        (top, height), (left, width) = spans
        return top, left, height, width

    def draw_on_host(self, seeds: Any, shape: Any) -> Any:
        if self.alpha == 0:
            return ()
        cut = np.sqrt(1 - host_draws.beta(host_draws.fold(seeds, 0), self.alpha))
        spans = []
        for number, length in enumerate(shape[:2]):
            center = host_draws.integers(host_draws.fold(seeds, number + 1), 0, length - 1)
            side = (cut * np.float32(length)).astype(np.int64)
            first = np.maximum(center - side // 2, 0)
            last = np.minimum(center - side // 2 + side, length)
            spans.append((first, last - first))
        (top, height), (left, width) = spans
        return top, left, height, width

    def apply_on_device(self, images: Any, labels: Any, *drawn: Any) -> Any:
        return device_pixels.cut_mix(images, labels, *drawn) if drawn else (images, labels)
