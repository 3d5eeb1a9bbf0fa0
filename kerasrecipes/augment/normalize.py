"""Subtracts a mean and divides by a standard deviation."""

from typing import Any

import keras
import numpy as np

from kerasrecipes._backend.requirement import has_tensorflow
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment import device_pixels, functional
from kerasrecipes.augment.array_transform import apply_to_array
from kerasrecipes.augment.pixel_values import check_dtype
from kerasrecipes.augment.transform import Transform


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Normalize(Transform):
    """Returns `(image - mean) / std` in float32.

    Args:
        mean: float, or one for each channel, in units of the image: 0..255.
        std: positive number, or one for each channel, in the same units.

    Raises:
        ValueError: `std` is not positive, or not finite.

    Example:

    >>> from kerasrecipes import augment
    >>> augment.Normalize(mean=127.5, std=127.5)([[[0.0], [255.0]]]).numpy().ravel()
    array([-1.,  1.], dtype=float32)
    """

    normalizes = True
    has_device_form = True

    def __init__(self, mean: Any, std: Any) -> None:
        self.mean, self.std = _listed(mean), _listed(std)
        if not np.all(np.isfinite(self.mean)):
            raise ValueError(f"Argument `mean` must be finite. Received: mean={mean}")
        if not np.all(np.isfinite(self.std)) or np.any(np.less_equal(self.std, 0)):
            raise ValueError(f"Argument `std` must be in (0, inf). Received: std={std}")

    def __call__(self, image: Any, seed: Any = 0) -> Any:
        """Return the image, the batch or the batch of crops, normalised; the seed is not used."""
        if not has_tensorflow():
            return apply_to_array(self, image, seed)
        image = tf.convert_to_tensor(image)
        check_dtype(image.dtype, "image")
        return functional.normalize(image, self.mean, self.std)

    def apply_on_device(self, images: Any, *drawn: Any) -> Any:
        return device_pixels.normalize(images, self.mean, self.std)


def _listed(value):
    if np.ndim(value) > 1 or not np.issubdtype(np.asarray(value).dtype, np.number):
        raise TypeError(
            f"Arguments `mean` and `std` must be numbers or lists of numbers. Received: {value!r}"
        )
    return float(value) if np.ndim(value) == 0 else [float(number) for number in value]
