"""A few random operations of one common strength."""

from typing import Any

import keras
import numpy as np

from kerasrecipes._validation import check_integer, check_number
from kerasrecipes.augment import draws, host_draws
from kerasrecipes.augment.formula_ops import formula_ops
from kerasrecipes.augment.pixel_values import check_color
from kerasrecipes.augment.policy import Operations, on_uint8, one_by_one, sign_of
from kerasrecipes.augment.transform import Transform

_OPERATIONS = Operations(
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
    has_device_form = True
    chooses_operations = True

    def __init__(self, count: int = 2, magnitude: int = 9) -> None:
        check_integer("count", count, "[0, inf)")
        check_number("magnitude", magnitude, "[0, 10]")
        self.count, self.magnitude = count, magnitude

    def apply(self, images: Any, seeds: Any) -> Any:
        return one_by_one(self._one, images, seeds)

    def _one(self, image, seed):
        steps = [self._drawn(draws, seed, number) for number in range(self.count)]
        return self._in_a_row(image, _OPERATIONS.apply_one, steps)

    def draw_on_host(self, seeds: Any, shape: Any) -> Any:
        if self.count == 0:
            return []
        steps = [self._drawn(host_draws, seeds, number) for number in range(self.count)]
        return [np.stack(part, axis=1) for part in zip(*steps)]

    def apply_on_device(self, images: Any, *drawn: Any) -> Any:
        check_color(images)
        steps = [[part[:, number] for part in drawn] for number in range(self.count)]
        return self._in_a_row(images, _OPERATIONS.apply_each, steps)

    def _drawn(self, source, seeds, number):
        """Return the operation, and the chance that decides its sign, from `draws` or its like."""
        step = source.fold(seeds, number)
        choice = source.integers(source.fold(step, 0), 0, len(_OPERATIONS) - 1)
        return choice, source.uniform(source.fold(step, 1), 1)[..., 0]

    def _in_a_row(self, images, apply, steps):
        on = formula_ops(images)
        strength = on.convert_to_tensor(self.magnitude / 10.0, "float32")

        def change(pixels):
            for choice, chance in steps:
                pixels = apply(pixels, on.cast(choice, "int32"), strength, sign_of(chance))
            return pixels

        return on_uint8(images, change)
