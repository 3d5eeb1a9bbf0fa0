"""A border of zeros and a random crop, as for CIFAR."""

from typing import Any

import keras

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._validation import check_integer
from kerasrecipes.augment import device_pixels, draws, functional, host_draws
from kerasrecipes.augment.transform import Transform


@keras.saving.register_keras_serializable(package="kerasrecipes")
class PadCrop(Transform):
    """Pads with zeros on each side, then crops a square at a random place.

    Args:
        size: int >= 1, side of the crop in pixels.
        padding: int >= 0, pixels on each side, default 4.

    Input shape: (H, W, C) or (N, H, W, C), each side at least size - 2·padding.

    Output shape: (..., size, size, C), of the same dtype.

    Raises:
        ValueError: an argument outside its range.
        InvalidArgumentError: an image that is too small.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment
    >>> augment.PadCrop(32, 4)(np.ones((32, 32, 3), "uint8"), seed=5).shape
    TensorShape([32, 32, 3])

    Reference: He, Zhang, Ren & Sun (2015), https://arxiv.org/abs/1512.03385, section 4.2.
    """

    fixes_size = True
    compiled_alone = True
    moves_pixels = True
    has_device_form = True

    def __init__(self, size: int, padding: int = 4) -> None:
        check_integer("size", size, "[1, inf)")
        check_integer("padding", padding, "[0, inf)")
        self.size, self.padding = size, padding

    def draw(self, seeds: Any, height: int, width: int) -> Any:
        """Return (top, left) of the crop of each image, counted without the border."""
        starts = [
            draws.integers(draws.fold(seeds, number), 0, side + 2 * self.padding - self.size)
            for number, side in enumerate((height, width))
        ]
        return [tf.cast(start, tf.int32) - self.padding for start in starts]

    def apply(self, images: Any, seeds: Any) -> Any:
        height, width = functional.image_size(images)
        message = (
            f"Argument `size` must be at most the image's side + 2 * padding. Received: "
            f"size={self.size}, padding={self.padding}, images of shape {images.shape}"
        )
        for side in (height, width):
            tf.debugging.assert_less_equal(self.size, side + 2 * self.padding, message)
        corner = self.draw(seeds, height, width)
        return functional.pad_crop(images, *corner, self.size, self.padding)

    def draw_on_host(self, seeds: Any, shape: Any) -> Any:
        if self.size > min(shape[:2]) + 2 * self.padding:
            raise ValueError(
                "Argument `size` must be at most the image's side + 2 * padding. Received: "
                f"size={self.size}, padding={self.padding}, images of shape {tuple(shape)}"
            )
        starts = [
            host_draws.integers(
                host_draws.fold(seeds, number), 0, side + 2 * self.padding - self.size
            )
            for number, side in enumerate(shape[:2])
        ]
        return [start - self.padding for start in starts]

    def apply_on_device(self, images: Any, *drawn: Any) -> Any:
        return device_pixels.pad_crop(images, *drawn, self.size, self.padding)
