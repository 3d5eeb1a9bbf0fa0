"""The test crop: the shorter side resized, the centre kept."""

from typing import Any

import keras

from kerasrecipes._backend.requirement import has_tensorflow
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._validation import check_choice, check_integer
from kerasrecipes.augment import decode, device_pixels, functional
from kerasrecipes.augment.array_transform import apply_to_array
from kerasrecipes.augment.transform import Transform
from kerasrecipes.augment.window import resample, resample_jpeg


@keras.saving.register_keras_serializable(package="kerasrecipes")
class CenterCrop(Transform):
    """Resizes the shorter side to `resize`, then keeps the central square.

    Bilinear with half-pixel centres; when shrinking, the triangle is widened by the factor
    (antialiasing, as in Pillow) and nothing is rounded. The longer side is truncated, the
    offset is `int(round((side - size) / 2))`. Only the central window is decoded and computed.

    Args:
        size: int >= 1, side of the crop in pixels.
        resize: int >= size, the shorter side; `None` is round(size·256/224).
        channels: 1, 3 or `None`. `None` is 3 for encoded images and keeps those of pixels.

    Input shape: bytes of JPEG or PNG (scalar string), or (H, W, C) in 0..255.

    Output shape: (size, size, C), float32 in 0..255.

    Raises:
        ValueError: an argument outside its range.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment
    >>> augment.CenterCrop(224)(np.zeros((375, 500, 3), "uint8")).shape
    TensorShape([224, 224, 3])

    Reference: Krizhevsky, Sutskever & Hinton (2012).
    """

    takes_bytes = True
    fixes_size = True
    batched = False
    has_device_form = True

    def __init__(self, size: int, resize: int | None = None, channels: int | None = None) -> None:
        check_integer("size", size, "[1, inf)")
        if resize is not None:
            check_integer("resize", resize, f"[{size}, inf)")
        check_choice("channels", channels, (None, 1, 3))
        self.size, self.resize, self.channels = size, resize, channels

    def __call__(self, image: Any, seed: Any = 0) -> Any:
        """Return the crop of one image, encoded or not; the seed is not used."""
        if not has_tensorflow():
            return apply_to_array(self, image, seed)
        return decode.by_format(image, self.channels, self._from_jpeg, self._from_pixels)

    def _scaled(self, height, width):
        short_side = round(self.size * 256 / 224) if self.resize is None else self.resize
        return functional.short_side_size(height, width, short_side)

    def of_batch(self, images: Any, seeds: Any) -> Any:
        """Return the crops of pixels (N, H, W, C), the same bits as one by one."""
        return self._from_pixels(decode.each_with_channels(images, self.channels))

    def _from_pixels(self, images):
        source = functional.image_size(images)
        scaled = self._scaled(*source)
        if all(isinstance(side, int) for side in source) and scaled == source:
            top, left = (functional.center_offset(side, self.size) for side in source)
            window = images[..., top : top + self.size, left : left + self.size, :]
            return tf.cast(window, tf.float32)  # each pixel is one of the source's
        scaled = tf.stack(scaled)
        offset = functional.center_offset(scaled, self.size)
        return resample(images, scaled, offset, (self.size, self.size), exact=True)

    def _from_jpeg(self, data, channels):
        scaled = tf.stack(self._scaled(*tf.unstack(decode.jpeg_size(data))))
        offset = functional.center_offset(scaled, self.size)
        size = (self.size, self.size)
        return resample_jpeg(data, scaled, offset, size, exact=True, channels=channels)

    def apply_on_device(self, images: Any, *drawn: Any) -> Any:
        images = device_pixels.with_channels(images, self.channels)
        height, width = images.shape[1:3]
        scaled = self._scaled(height, width)
        corners = [functional.center_offset(side, self.size) for side in scaled]
        return device_pixels.resized_window(images, scaled, corners, self.size)
