"""Scale jitter and a random crop in one step, from bytes or from pixels."""

from typing import Any

import keras
import numpy as np

from kerasrecipes._backend.requirement import has_tensorflow
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._validation import check_boolean, check_choice, check_integer, check_range
from kerasrecipes.augment import decode, device_pixels, draws, functional, host_draws
from kerasrecipes.augment.array_transform import apply_to_array
from kerasrecipes.augment.host_windows import scale_crop
from kerasrecipes.augment.transform import Transform
from kerasrecipes.augment.window import resample, resample_jpeg


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomScaleCrop(Transform):
    """Resizes the shorter side to a random length, then crops a random square.

    The shorter side S is an integer uniform in [round(size·scale[0]), round(size·scale[1])], both
    included, the longer one follows, truncated; small images are enlarged. The position of the
    crop is uniform on the whole pixels of the resized image. Only the crop is computed, and of a
    JPEG only what the crop needs is decoded.

    Args:
        size: int >= 1, side of the crop in pixels.
        scale: pair (low, high) of numbers in [1, inf), the shorter side in units of `size`.
            Defaults to (256/224, 480/224), the paper's.
        exact: `False` moves the crop to whole pixels of the source and samples bilinearly, large
            JPEGs decoded at a half, a quarter or an eighth; `True` is resize-then-crop with
            antialiasing to within rounding, at about half the speed.
        channels: 1, 3 or `None`. `None` is 3 for encoded images and keeps those of pixels.

    Input shape: bytes of JPEG or PNG (scalar string), or (H, W, C) in 0..255.

    Output shape: (size, size, C), float32 in 0..255.

    Raises:
        ValueError: an argument outside its range.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment
    >>> image = np.zeros((375, 500, 3), "uint8")
    >>> augment.RandomScaleCrop(224)(image, seed=(1, 2)).shape
    TensorShape([224, 224, 3])

    Reference: He, Zhang, Ren & Sun (2015), "Deep residual learning for image recognition",
    https://arxiv.org/abs/1512.03385, after Simonyan & Zisserman (2014). Unless `exact`, the
    resampling of the crop differs from theirs by less than a pixel of the source.
    """

    takes_bytes = True
    fixes_size = True
    batched = False
    has_device_form = True

    def __init__(
        self,
        size: int,
        scale: tuple[float, float] = (256 / 224, 480 / 224),
        exact: bool = False,
        channels: int | None = None,
    ) -> None:
        check_integer("size", size, "[1, inf)")
        check_range("scale", scale, "[1, inf)")
        check_boolean("exact", exact)
        check_choice("channels", channels, (None, 1, 3))
        self.size, self.scale, self.exact, self.channels = size, tuple(scale), exact, channels

    def draw(self, seed: Any, height: int, width: int) -> Any:
        """Return the resized (height, width) and the (top, left) of the crop in it."""
        low, high = (round(self.size * factor) for factor in self.scale)
        fraction = draws.fractions(seed, 3)
        short_side = tf.cast(draws.between(fraction[0], low, high), tf.int32)
        scaled = tf.stack(functional.short_side_size(height, width, short_side))
        offset = tf.cast(draws.between(fraction[1:], 0, scaled - self.size), tf.int32)
        return scaled, offset

    def __call__(self, image: Any, seed: Any = None) -> Any:
        """Return the crop of one image, encoded or not."""
        if not has_tensorflow():
            return apply_to_array(self, image, seed)
        size, seed = (self.size, self.size), self.given(seed)

        def from_jpeg(data, channels):
            scaled, offset = self.draw(seed, *tf.unstack(decode.jpeg_size(data)))
            return resample_jpeg(data, scaled, offset, size, self.exact, channels)

        def from_pixels(pixels):
            scaled, offset = self.draw(seed, *tf.unstack(tf.shape(pixels)[:2]))
            return resample(pixels, scaled, offset, size, self.exact)

        return decode.by_format(image, self.channels, from_jpeg, from_pixels)

    def draw_on_host(self, seeds: Any, shape: Any) -> Any:
        low, high = (round(self.size * factor) for factor in self.scale)
        fraction = host_draws.fractions(seeds, 3)
        short_side = host_draws.between(fraction[:, :1], low, high)
        source = np.array(shape[:2])
        scaled = short_side * source // source.min()
        offset = host_draws.between(fraction[:, 1:], 0, scaled - self.size)
        return scale_crop(source, scaled, offset, self.size, self.exact)

    def apply_on_device(self, images: Any, *drawn: Any) -> Any:
        return device_pixels.resample(device_pixels.with_channels(images, self.channels), *drawn)
