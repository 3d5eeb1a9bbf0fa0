"""The whole image, shifted by a little in four directions, and all of it mirrored."""

from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.requirement import has_tensorflow
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._validation import check_choice, check_integer
from kerasrecipes.augment import device_pixels, functional
from kerasrecipes.augment.array_transform import apply_to_array
from kerasrecipes.augment.center_crop import CenterCrop
from kerasrecipes.augment.transform import Transform


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ShiftedCrops(Transform):
    """Takes the image and its mirror image; with a shift, four shifted views of each too.

    The shorter side is resized to `size` and the central square kept, as by
    `CenterCrop(size, size)`. With `shift` s, a border of s zeros is added and `functional.ten_crop`
    taken: the image moved by s pixels down-right, down-left, up-right and up-left, the image where
    it is, and the same five of its mirror image.

    Args:
        size: int >= 1, side of the views in pixels.
        shift: int >= 0, pixels. Defaults to 0: the image and its mirror image alone.
        channels: 1, 3 or `None`. `None` is 3 for encoded images and keeps those of pixels.

    Input shape: bytes of JPEG or PNG (scalar string), or (H, W, C) in 0..255.

    Output shape: (2, size, size, C), or (10, size, size, C) with a shift; float32 in 0..255.

    Raises:
        ValueError: an argument outside its range.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment
    >>> image = np.arange(9, dtype="uint8").reshape(3, 3, 1)
    >>> augment.ShiftedCrops(3, shift=1)(image)[0, ..., 0].numpy()
    array([[0., 0., 0.],
           [0., 0., 1.],
           [0., 3., 4.]], dtype=float32)

    Reference: tests by the mirror image are those of Krizhevsky, Sutskever & Hinton (2012); by
    small shifts of padded small images those of Jordan (2024), https://arxiv.org/abs/2404.00498,
    who weights the shifted views less and pads by reflection. Here all views count alike, and the
    border is that of `PadCrop`, which the network has seen in training.
    """

    takes_bytes = True
    fixes_size = True
    batched = False
    has_device_form = True

    def __init__(self, size: int, shift: int = 0, channels: int | None = None) -> None:
        check_integer("size", size, "[1, inf)")
        check_integer("shift", shift, "[0, inf)")
        check_choice("channels", channels, (None, 1, 3))
        self.size, self.shift, self.channels = size, shift, channels
        self._crop = CenterCrop(size, size, channels)

    @property
    def crops(self) -> int:
        return 10 if self.shift else 2

    def __call__(self, image: Any, seed: Any = 0) -> Any:
        """Return the views of one image, encoded or not; the seed is not used."""
        if not has_tensorflow():
            return apply_to_array(self, image, seed)
        image = self._crop(image)
        if not self.shift:
            return tf.stack([image, tf.reverse(image, axis=[1])])
        border = [self.shift, self.shift]
        return functional.ten_crop(tf.pad(image, [border, border, [0, 0]]), self.size)

    def apply_on_device(self, images: Any, *drawn: Any) -> Any:
        images = self._crop.apply_on_device(images)
        if not self.shift:
            return ops.stack([images, ops.flip(images, axis=2)], axis=1)
        border = [self.shift, self.shift]
        images = ops.pad(images, [[0, 0], border, border, [0, 0]])
        return device_pixels.ten_crop(images, self.size)
