"""Ten test crops at each of several scales."""

from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.requirement import has_tensorflow
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._validation import check_choice, check_integer
from kerasrecipes.augment import decode, device_pixels, functional
from kerasrecipes.augment.array_transform import apply_to_array
from kerasrecipes.augment.transform import Transform


@keras.saving.register_keras_serializable(package="kerasrecipes")
class TenCrop(Transform):
    """Takes the corners, the centre and their mirror images, at each scale.

    At each scale the image is resized once, its shorter side to that length (bilinear, half-pixel
    centres, antialiased when shrinking, not rounded; the longer side truncated), and
    `functional.ten_crop` is taken of it.

    Args:
        size: int >= 1, side of the crops in pixels.
        scales: sequence of integers in [size, inf), shorter sides; `None` is one scale,
            round(size·256/224). The paper's best results use (224, 256, 384, 480, 640).
        channels: 1, 3 or `None`. `None` is 3 for encoded images and keeps those of pixels.

    Input shape: bytes of JPEG or PNG (scalar string), or (H, W, C) in 0..255.

    Output shape: (10·len(scales), size, size, C), float32 in 0..255, scale by scale.

    Raises:
        ValueError: an argument outside its range.
        TypeError: `scales` that are no sequence.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment
    >>> augment.TenCrop(32, scales=(32, 40))(np.zeros((60, 80, 3), "uint8")).shape
    TensorShape([20, 32, 32, 3])

    Reference: He, Zhang, Ren & Sun (2015), https://arxiv.org/abs/1512.03385; they average
    fully-convolutional scores over the scales, here ten crops are taken of each.
    """

    takes_bytes = True
    fixes_size = True
    batched = False
    has_device_form = True

    def __init__(self, size: int, scales: Any = None, channels: int | None = None) -> None:
        check_integer("size", size, "[1, inf)")
        if scales is not None:
            if not isinstance(scales, (tuple, list)) or not scales:
                raise TypeError(
                    "Argument `scales` must be a sequence of integers, at least one. Received: "
                    f"scales={scales!r}"
                )
            for scale in scales:
                check_integer("scales", scale, f"[{size}, inf)")
            scales = tuple(scales)
        check_choice("channels", channels, (None, 1, 3))
        self.size, self.scales, self.channels = size, scales, channels

    @property
    def crops(self) -> int:
        return 10 * len(self.scales or [0])

    def __call__(self, image: Any, seed: Any = 0) -> Any:
        """Return the crops of one image, encoded or not; the seed is not used."""
        if not has_tensorflow():
            return apply_to_array(self, image, seed)
        image = tf.convert_to_tensor(image)
        if decode.is_encoded(image):
            image = decode.decode(image, self.channels or 3)
        image = decode.with_channels(image, self.channels)
        height, width = tf.unstack(tf.shape(image)[:2])
        windows = []
        for scale in self._short_sides():
            scaled = functional.short_side_size(height, width, scale)
            windows += functional.ten_windows(_resized(image, scaled), self.size)
        return tf.stack(windows)

    def _short_sides(self):
        return self.scales or (round(self.size * 256 / 224),)

    def apply_on_device(self, images: Any, *drawn: Any) -> Any:
        images = device_pixels.with_channels(images, self.channels)
        windows = []
        for scale in self._short_sides():
            scaled = functional.short_side_size(*images.shape[1:3], scale)
            resized = device_pixels.resized_window(images, scaled, (0, 0), scaled)
            windows.append(device_pixels.ten_crop(resized, self.size))
        return ops.concatenate(windows, axis=1)


def _resized(image, scaled):
    # Enlarging needs no antialiasing, and the plain kernel is three times as fast.
    return tf.cond(
        tf.reduce_min(scaled) >= tf.reduce_min(tf.shape(image)[:2]),
        lambda: functional.resize_window(image, scaled),
        lambda: functional.resize(image, *scaled),
    )
