"""Rotation, translation, stretch, shear and lens in one resampling."""

import math
from typing import Any

import keras

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._validation import check_number
from kerasrecipes.augment import draws, functional
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
        lens: float in [0, 1/3), radial distortion at the corner, default 0; barrel or pincushion.
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
        amounts = tf.unstack(2.0 * draws.uniform(seeds, 7) - 1.0, axis=-1)
        stretch = math.log1p(self.stretch)
        matrix = functional.affine_matrix(
            math.radians(self.rotation) * amounts[0],
            tf.exp(stretch * amounts[1]),
            tf.exp(stretch * amounts[2]),
            math.radians(self.shear) * amounts[3],
        )
        sides = tf.cast(tf.stack([width, height]), tf.float32)
        shift = self.translation * sides * tf.stack(amounts[4:6], axis=-1)
        return draws.settled(matrix), shift, self.lens * amounts[6]

    def apply(self, images: Any, seeds: Any) -> Any:
        if not any((self.rotation, self.translation, self.stretch, self.shear, self.lens)):
            return images
        drawn = self.draw(seeds, *functional.image_size(images))
        return functional.restore_dtype(functional.warp(images, *drawn, self.fill), images.dtype)
