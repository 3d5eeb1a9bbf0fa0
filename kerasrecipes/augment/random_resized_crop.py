"""A random part of the image, of random area and shape, resized to a square."""

from typing import Any

import keras
import numpy as np

from kerasrecipes._backend.requirement import has_tensorflow
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._validation import check_boolean, check_choice, check_integer, check_range
from kerasrecipes.augment import decode, device_pixels, draws, host_draws
from kerasrecipes.augment.array_transform import apply_to_array
from kerasrecipes.augment.host_windows import draw_sides_on_host, source_crop
from kerasrecipes.augment.rectangles import draw_sides
from kerasrecipes.augment.transform import Transform
from kerasrecipes.augment.window import resample_source, resample_source_jpeg


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomResizedCrop(Transform):
    """Cuts out a rectangle of random area and shape, and resizes it to a square.

    The area is uniform in `area` times the image's, width over height log-uniform in `ratio`,
    sides rounded, the position uniform. The first of ten rectangles that fits is taken; if none
    does, the largest central one whose shape is in `ratio`. Of a JPEG only it is decoded.

    Args:
        size: int >= 1, side of the result in pixels.
        area: pair (low, high) in (0, 1], default (0.08, 1).
        ratio: pair (low, high) in (0, inf), width over height, default (3/4, 4/3).
        exact: `False` samples bilinearly, large JPEGs decoded at a half, a quarter or an eighth;
            `True` always antialiases and decodes at full size.
        channels: 1, 3 or `None`. `None` is 3 for encoded images and keeps those of pixels.

    Input shape: bytes of JPEG or PNG (scalar string), or (H, W, C) in 0..255.

    Output shape: (size, size, C), float32 in 0..255.

    Raises:
        ValueError: an argument outside its range.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment
    >>> augment.RandomResizedCrop(224)(np.zeros((375, 500, 3), "uint8"), seed=1).shape
    TensorShape([224, 224, 3])

    Reference: Szegedy et al. (2014), https://arxiv.org/abs/1409.4842; log-uniform ratio, ten
    attempts and the central fallback as in torchvision.
    """

    takes_bytes = True
    fixes_size = True
    batched = False
    has_device_form = True

    def __init__(
        self,
        size: int,
        area: tuple[float, float] = (0.08, 1.0),
        ratio: tuple[float, float] = (3 / 4, 4 / 3),
        exact: bool = False,
        channels: int | None = None,
    ) -> None:
        check_integer("size", size, "[1, inf)")
        check_range("area", area, "(0, 1]")
        check_range("ratio", ratio, "(0, inf)")
        check_boolean("exact", exact)
        check_choice("channels", channels, (None, 1, 3))
        self.size, self.area, self.ratio = size, tuple(area), tuple(ratio)
        self.exact, self.channels = exact, channels

    def draw(self, seed: Any, height: int, width: int) -> Any:
        """Return (top, left, height, width) of the rectangle."""
        tall, wide, fits = draw_sides(draws.fold(seed, 0), height, width, self.area, self.ratio)
        tops = draws.integers(draws.fold(seed, 1), 0, height - tall)
        lefts = draws.integers(draws.fold(seed, 2), 0, width - wide)
        drawn = (tf.cast(tops, tf.int32), tf.cast(lefts, tf.int32), tall, wide)
        central = self._central(height, width)
        return tuple(tf.where(fits, one, other) for one, other in zip(drawn, central))

    def __call__(self, image: Any, seed: Any = None) -> Any:
        """Return the resized part of one image, encoded or not."""
        if not has_tensorflow():
            return apply_to_array(self, image, seed)
        size, seed = (self.size, self.size), self.given(seed)

        def from_jpeg(data, channels):
            window = self._window(seed, decode.jpeg_size(data))
            return resample_source_jpeg(data, *window, size, self.exact, channels)

        def from_pixels(pixels):
            window = self._window(seed, tf.shape(pixels)[:2])
            return resample_source(pixels, *window, size, self.exact)

        return decode.by_format(image, self.channels, from_jpeg, from_pixels)

    def _window(self, seed, source):
        drawn = self.draw(seed, *tf.unstack(source))
        return tf.stack(drawn[:2]), tf.stack(drawn[2:])

    def _central(self, height, width):
        tall, wide = tf.cast(height, tf.float32), tf.cast(width, tf.float32)
        low, high = self.ratio
        new_wide = tf.cast(tf.clip_by_value(tf.round(tall * high), 1.0, wide), tf.int32)
        new_tall = tf.cast(tf.clip_by_value(tf.round(wide / low), 1.0, tall), tf.int32)
        return (height - new_tall) // 2, (width - new_wide) // 2, new_tall, new_wide

    def draw_on_host(self, seeds: Any, shape: Any) -> Any:
        height, width = shape[:2]
        tall, wide, fits = draw_sides_on_host(
            host_draws.fold(seeds, 0), height, width, self.area, self.ratio
        )
        top = host_draws.integers(host_draws.fold(seeds, 1), 0, height - tall)
        left = host_draws.integers(host_draws.fold(seeds, 2), 0, width - wide)
        central = self._central_on_host(height, width)
        drawn = [np.where(fits, one, other) for one, other in zip((top, left, tall, wide), central)]
        corner, extent = np.stack(drawn[:2], axis=1), np.stack(drawn[2:], axis=1)
        return source_crop(np.array(shape[:2]), corner, extent, self.size, self.exact)

    def _central_on_host(self, height, width):
        low, high = (np.float32(bound) for bound in self.ratio)
        wide = int(np.clip(np.round(np.float32(height) * high), 1, width))
        tall = int(np.clip(np.round(np.float32(width) / low), 1, height))
        return (height - tall) // 2, (width - wide) // 2, tall, wide

    def apply_on_device(self, images: Any, *drawn: Any) -> Any:
        return device_pixels.resample(device_pixels.with_channels(images, self.channels), *drawn)
