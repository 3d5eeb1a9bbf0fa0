"""Mirror images."""

from typing import Any

import keras
import numpy as np

from kerasrecipes._validation import check_number
from kerasrecipes.augment import device_pixels, draws, functional, host_draws
from kerasrecipes.augment.transform import Transform


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomFlip(Transform):
    """Mirrors an image left to right with a given probability.

    Args:
        probability: float in [0, 1], default 0.5.

    Output shape: that of the input; the dtype is kept.

    Raises:
        ValueError, TypeError: if an argument is out of its range or of the wrong type.

    Example:

    >>> from kerasrecipes import augment
    >>> augment.RandomFlip(1.0)([[[1.0], [2.0]]], seed=7).numpy().ravel()
    array([2., 1.], dtype=float32)

    Reference: Krizhevsky, Sutskever & Hinton, 2012, section 4.1.
    """

    moves_pixels = True
    has_device_form = True

    def __init__(self, probability: float = 0.5) -> None:
        check_number("probability", probability, "[0, 1]")
        self.probability = probability

    def apply(self, images: Any, seeds: Any) -> Any:
        mirrored = draws.uniform(seeds, 1)[:, 0] < self.probability
        return functional.flip(images, mirrored)

    def draw_on_host(self, seeds: Any, shape: Any) -> Any:
        return [host_draws.uniform(seeds, 1)[:, 0] < np.float32(self.probability)]

    def apply_on_device(self, images: Any, *drawn: Any) -> Any:
        return device_pixels.flip(images, *drawn)
