"""A few random operations of one common strength."""

from typing import Any

import keras

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._validation import check_integer, check_number
from kerasrecipes.augment import draws
from kerasrecipes.augment.pixel_values import check_color
from kerasrecipes.augment.policy import apply_one, on_uint8, operations
from kerasrecipes.augment.transform import Transform

_OPERATIONS = operations(
    {"enhance": 0.9, "bits": 4, "degrees": 30, "shear": 0.3, "move": 150 / 331}
)


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandAugment(Transform):
    """Applies `count` operations in a row, each chosen uniformly of fourteen, all as strong.

    identity, auto contrast, equalize, rotate (30 degrees at full strength), solarize, color,
    posterize (4 bits lost), contrast, brightness, sharpness (factors 0.1 to 1.9), shear (0.3)
    and translation (0.45 of the side) in x and y; the sign is drawn, and outside is black.

    Args:
        count: int >= 0, default 2. 0 does nothing.
        magnitude: float in [0, 10], default 9; 10 is full strength.

    Input shape: (H, W, C) or (N, H, W, C) in 0..255.

    Output shape: that of the input; the dtype is kept, computed on uint8.

    Raises:
        ValueError, TypeError: if an argument is out of its range or of the wrong type.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment
    >>> augment.RandAugment()(np.zeros((32, 32, 3), "uint8"), seed=3).shape
    TensorShape([32, 32, 3])

    Reference: Cubuk, Zoph, Shlens & Le (2019), https://arxiv.org/abs/1909.13719. There 10 is
    the strongest of the paper's search space too; its 150 pixels of 331 are a fraction here.
    """

    batched = False
    before_normalize = True

    def __init__(self, count: int = 2, magnitude: int = 9) -> None:
        check_integer("count", count, "[0, inf)")
        check_number("magnitude", magnitude, "[0, 10]")
        self.count, self.magnitude = count, magnitude

    def apply(self, images: Any, seeds: Any) -> Any:
        check_color(images)
        one = lambda pair: self._one(*pair)  # noqa: E731
        return tf.map_fn(one, (images, seeds), fn_output_signature=images.dtype)

    def _one(self, image, seed):
        return on_uint8(image, lambda pixels: self._in_a_row(pixels, seed))

    def _in_a_row(self, image, seed):
        for number in range(self.count):
            step = draws.fold(seed, number)
            choice = draws.integers(draws.fold(step, 0), 0, len(_OPERATIONS) - 1)
            sign = tf.where(draws.uniform(draws.fold(step, 1), 1)[0] < 0.5, -1.0, 1.0)
            strength = tf.constant(self.magnitude / 10.0)
            image = apply_one(image, _OPERATIONS, tf.cast(choice, tf.int32), strength, sign)
        return image
