"""Rotation, translation, stretch, shear and lens in one resampling."""

import math
from typing import Any

import keras

from kerasrecipes._validation import check_number
from kerasrecipes.augment import draws, functional, host_draws
from kerasrecipes.augment.formula_ops import formula_ops
from kerasrecipes.augment.transform import Transform


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomWarp(Transform):
    """Rotates, shifts, stretches, shears and bends an image, resampled bilinearly ONCE.

    Each amount is uniform in plus or minus its argument (the stretch as exp(±log(1 + stretch)),
    width and height apart), one draw an image. Width and height stay.

    Args:
        rotation: float in [0, 180], degrees, default 0.
        translation: float in [0, 1], fraction of the width and of the height, default 0.
        stretch: float >= 0, default 0; 0.25 is from 1/1.25 to 1.25.
        shear: float in [0, 90), degrees, default 0.
        lens: float in [0, 0.3333), default 0, radial distortion at the corner: barrel, pincushion.
        fill: float in [0, 255] outside the image, default 0.

    Input shape: (H, W, C) or (N, H, W, C).

    Output shape: that of the input; the dtype is kept, integers are rounded.

    Raises:
        ValueError, TypeError: if an argument is out of its range or of the wrong type.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment
    >>> augment.RandomWarp(rotation=30, lens=0.2)(np.ones((9, 9, 3), "uint8"), seed=2).shape
    TensorShape([9, 9, 3])

    Reference: Simard, Steinkraus & Platt (2003), "Best practices for convolutional neural
    networks"; the lens is the first radial term of Brown (1966).
    """

    has_device_form = True

    def __init__(
        self,
        rotation: float = 0,
        translation: float = 0,
        stretch: float = 0,
        shear: float = 0,
        lens: float = 0,
        fill: float = 0,
    ) -> None:
        check_number("rotation", rotation, "[0, 180]")
        check_number("translation", translation, "[0, 1]")
        check_number("stretch", stretch, "[0, inf)")
        check_number("shear", shear, "[0, 90)")
        check_number("lens", lens, "[0, 0.3333)")
        check_number("fill", fill, "[0, 255]")
        self.rotation, self.translation, self.stretch = rotation, translation, stretch
        self.shear, self.lens, self.fill = shear, lens, fill

    def draw(self, seeds: Any, height: int, width: int) -> Any:
        """Return matrix, shift and lens of each image, as `functional.warp` takes them."""
        matrix, shift, lens = self._maps(draws.uniform(seeds, 7), height, width)
        return draws.settled(matrix), shift, lens

    def apply(self, images: Any, seeds: Any) -> Any:
        if not self._moves:
            return images
        return self._warped(images, *self.draw(seeds, *functional.image_size(images)))

    def draw_on_host(self, seeds: Any, shape: Any) -> Any:
        return [host_draws.uniform(seeds, 7)] if self._moves else []

    def apply_on_device(self, images: Any, *drawn: Any) -> Any:
        if not drawn:
            return images
        return self._warped(images, *self._maps(*drawn, *functional.image_size(images)))

    @property
    def _moves(self):
        return any((self.rotation, self.translation, self.stretch, self.shear, self.lens))

    def _maps(self, uniforms, height, width):
        on = formula_ops(uniforms)
        amounts = [2.0 * uniforms[:, place] - 1.0 for place in range(7)]
        stretch = math.log1p(self.stretch)
        matrix = functional.affine_matrix(
            math.radians(self.rotation) * amounts[0],
            on.exp(stretch * amounts[1]),
            on.exp(stretch * amounts[2]),
            math.radians(self.shear) * amounts[3],
        )
        sides = on.stack([on.cast(side, "float32") for side in (width, height)])
        # Stacked before it is multiplied: where a stack is sliced with new axes at once,
        # TensorFlow's graph optimizer loses the axes.
        shift = self.translation * sides * on.stack(amounts[4:6], axis=-1)
        return matrix, shift, self.lens * amounts[6]

    def _warped(self, images, matrix, shift, lens):
        warped = functional.warp(images, matrix, shift, lens, self.fill)
        return functional.restore_dtype(warped, images.dtype)
