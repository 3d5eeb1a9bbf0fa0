"""One random operation of random strength."""

from typing import Any

import keras

from kerasrecipes._validation import check_number
from kerasrecipes.augment import draws, host_draws
from kerasrecipes.augment.formula_ops import formula_ops
from kerasrecipes.augment.pixel_values import check_color
from kerasrecipes.augment.policy import Operations, on_uint8, one_by_one, sign_of
from kerasrecipes.augment.transform import Transform

_OPERATIONS = Operations({"enhance": 0.99, "bits": 6, "degrees": 135, "shear": 0.99, "move": 32})
_STRENGTHS = 31


@keras.saving.register_keras_serializable(package="kerasrecipes")
class TrivialAugment(Transform):
    """Applies ONE operation, chosen uniformly of fourteen, with a uniformly drawn strength.

    The operations are those of `RandAugment`, at their strongest: rotate 135 degrees, factors
    0.01 to 1.99, shear 0.99, translation 32 pixels, 6 bits lost. The strength is one of 31.

    Args:
        strongest: float in [0, 1], default 1, the upper end of the strengths. At 0 only auto
            contrast and equalize, which have no strength, do something.

    Input shape: (H, W, C) or (N, H, W, C) in 0..255.

    Output shape: that of the input; the dtype is kept, computed on uint8.

    Raises:
        ValueError, TypeError: if an argument is out of its range or of the wrong type.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment
    >>> augment.TrivialAugment()(np.zeros((32, 32, 3), "uint8"), seed=3).shape
    TensorShape([32, 32, 3])

    Reference: Müller & Hutter (2021), https://arxiv.org/abs/2103.10158, the wide space.
    """

    batched = False
    before_normalize = True
    has_device_form = True
    chooses_operations = True

    def __init__(self, strongest: float = 1.0) -> None:
        check_number("strongest", strongest, "[0, 1]")
        self.strongest = strongest

    def apply(self, images: Any, seeds: Any) -> Any:
        return one_by_one(self._one, images, seeds)

    def _one(self, image, seed):
        return self._changed(image, _OPERATIONS.apply_one, *self._drawn(draws, seed))

    def draw_on_host(self, seeds: Any, shape: Any) -> Any:
        return self._drawn(host_draws, seeds)

    def apply_on_device(self, images: Any, *drawn: Any) -> Any:
        check_color(images)
        return self._changed(images, _OPERATIONS.apply_each, *drawn)

    def _drawn(self, source, seeds):
        """Return operation, level, and chance of the sign, from `draws` or its like."""
        choice = source.integers(source.fold(seeds, 0), 0, len(_OPERATIONS) - 1)
        level = source.integers(source.fold(seeds, 1), 0, _STRENGTHS - 1)
        return choice, level, source.uniform(source.fold(seeds, 2), 1)[..., 0]

    def _changed(self, images, apply, choice, level, chance):
        on = formula_ops(images)
        strength = self.strongest * on.cast(level, "float32") / (_STRENGTHS - 1)
        chosen = on.cast(choice, "int32"), strength, sign_of(chance)
        return on_uint8(images, lambda pixels: apply(pixels, *chosen))
