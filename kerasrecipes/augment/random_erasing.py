"""A random rectangle overwritten."""

import math
from typing import Any

import keras
import numpy as np

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._validation import check_number, check_range
from kerasrecipes.augment import device_pixels, draws, functional, host_draws
from kerasrecipes.augment.host_windows import draw_sides_on_host
from kerasrecipes.augment.rectangles import draw_sides
from kerasrecipes.augment.transform import Transform


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomErasing(Transform):
    """Overwrites a random rectangle.

    Area uniform, ratio of the sides log-uniform, position uniform on the pixels; the first of ten
    rectangles that fits is taken, and if none does the image is left as it is.

    Args:
        probability: float in [0, 1], default 0.5.
        area: pair (low, high) in (0, 1], fraction of the image, default (0.02, 0.4).
        ratio: pair (low, high) in (0, inf), height over width, default (0.3, 1/0.3).
        value: float, in units of the image, or "noise" (default): uniform in 0..255, other in
            each pixel and channel.

    Input shape: (H, W, C) or (N, H, W, C).

    Output shape: that of the input; the dtype is kept.

    Raises:
        ValueError, TypeError: if an argument is out of its range or of the wrong type.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment
    >>> erase = augment.RandomErasing(1.0, area=(0.25, 0.25), ratio=(1, 1), value=9)
    >>> int((erase(np.zeros((8, 8, 1), "uint8"), seed=3).numpy() == 9).sum())
    16

    Reference: Zhong, Zheng, Kang, Li & Yang (2017), https://arxiv.org/abs/1708.04896. They draw
    the ratio uniformly and try a hundred times.
    """

    has_device_form = True

    def __init__(
        self,
        probability: float = 0.5,
        area: tuple[float, float] = (0.02, 0.4),
        ratio: tuple[float, float] = (0.3, 1 / 0.3),
        value: float | str = "noise",
    ) -> None:
        check_number("probability", probability, "[0, 1]")
        check_range("area", area, "(0, 1]")
        check_range("ratio", ratio, "(0, inf)")
        if value != "noise":
            check_number("value", value, "(-inf, inf)")
        self.probability, self.area, self.ratio, self.value = probability, area, ratio, value

    @property
    def before_normalize(self) -> bool:
        """Noise is in 0..255; a number is in the units of the image, whatever they are."""
        return self.value == "noise"

    def draw(self, seeds: Any, height: int, width: int) -> Any:
        """Return top, left, height and width of a rectangle for each image, 0 high for none."""
        ratio = (1 / self.ratio[1], 1 / self.ratio[0])
        tall, wide, fits = draw_sides(draws.fold(seeds, 0), height, width, self.area, ratio)
        tall, wide = tf.where(fits, tall, 0), tf.where(fits, wide, 0)
        chosen = fits & (draws.uniform(draws.fold(seeds, 1), 1)[:, 0] < self.probability)
        top = draws.integers(draws.fold(seeds, 2), 0, height - tall)
        left = draws.integers(draws.fold(seeds, 3), 0, width - wide)
        return tf.cast(top, tf.int32), tf.cast(left, tf.int32), tf.where(chosen, tall, 0), wide

    def apply(self, images: Any, seeds: Any) -> Any:
        inside = functional.rectangle_mask(
            images, *self.draw(seeds, *functional.image_size(images))
        )
        if self.value != "noise":
            return tf.where(inside, tf.cast(self.value, images.dtype), images)
        return tf.where(inside, self._noise(images, draws.fold(seeds, 4)), images)

    def _noise(self, images, seeds):
        shape = tf.shape(images)
        noise = tf.reshape(draws.uniform(seeds, tf.reduce_prod(shape[1:])), shape)
        return tf.cast(noise * (256.0 if images.dtype.is_integer else 255.0), images.dtype)

    def draw_on_host(self, seeds: Any, shape: Any) -> Any:
        height, width = shape[:2]
        ratio = (1 / self.ratio[1], 1 / self.ratio[0])
        tall, wide, fits = draw_sides_on_host(
            host_draws.fold(seeds, 0), height, width, self.area, ratio
        )
        tall, wide = np.where(fits, tall, 0), np.where(fits, wide, 0)
        chance = host_draws.uniform(host_draws.fold(seeds, 1), 1)[:, 0]
        chosen = fits & (chance < np.float32(self.probability))
        top = host_draws.integers(host_draws.fold(seeds, 2), 0, height - tall)
        left = host_draws.integers(host_draws.fold(seeds, 3), 0, width - wide)
        rectangle = top, left, np.where(chosen, tall, 0), wide
        if self.value != "noise":
            return rectangle
        noise = host_draws.uniform(host_draws.fold(seeds, 4), math.prod(shape))
        return *rectangle, noise.reshape(-1, *shape)

    def apply_on_device(self, images: Any, *drawn: Any) -> Any:
        inside = device_pixels.rectangle_mask(images, *drawn[:4])
        if self.value != "noise":
            return device_pixels.overwrite(images, inside, self.value)
        highest = 256.0 if "int" in keras.backend.standardize_dtype(images.dtype) else 255.0
        return device_pixels.overwrite(images, inside, drawn[4] * highest)
