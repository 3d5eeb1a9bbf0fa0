"""Preprocessing of raw images as a layer, saved with the model."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.arithmetic import wide_type
from kerasrecipes._validation import check_integer
from kerasrecipes.layers._pixel_statistics import check_channels, check_statistics, normalize


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ImagePreprocessing(keras.layers.Layer):
    """Resizes raw images by their short side, crops the centre and normalises.

    The short side becomes `resize`, the long side `long * resize // short` (bilinear, half-pixel
    centres, antialiased when shrinking), the crop starts at `int(round((side - size) / 2))`, and
    `y = (crop - mean) / std`. It is the evaluation transform of the recipes as a layer, so that a
    served model has the preprocessing it was evaluated with. Resize and crop are one resampling.

    Args:
        size: int >= 1. Side of the square output, in pixels.
        resize: int >= `size`, or `None`. Short side before the crop, in pixels.
            `None` means `round(size * 256 / 224)`, as is usual for ImageNet.
        mean: float or one number per channel, in pixel values (0 to 255). Defaults to 0.
        std: float > 0 or one number per channel, in pixel values. Defaults to 1.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        `(batch, height, width, channels)`, any height and width, `uint8` or float in 0..255.
        Channels are last for every `keras.config.image_data_format()`: images are stored so.

    Output shape:
        `(batch, size, size, channels)`, in the layer's compute dtype.

    Raises:
        ValueError: If `resize` is smaller than `size`, or a value of `std` is not positive.

    Example:

    >>> import keras
    >>> from kerasrecipes.layers import ImagePreprocessing
    >>> import numpy as np
    >>> layer = ImagePreprocessing(8, mean=127.5, std=127.5)
    >>> pixels = np.full((2, 30, 20, 3), 255, "uint8")
    >>> y = keras.ops.convert_to_numpy(layer(pixels))
    >>> print(y.shape, y.min().round(3), y.max().round(3))
    (2, 8, 8, 3) 1.0 1.0

    Reference:
        Resize by the short side and centre crop as in He et al., 2015,
        https://arxiv.org/abs/1512.03385.
    """

    def __init__(
        self,
        size: int,
        resize: int | None = None,
        mean: float | Sequence[float] = 0.0,
        std: float | Sequence[float] = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        check_integer("size", size, "[1, inf)")
        if resize is not None:
            check_integer("resize", resize, f"[{size}, inf)")
        check_statistics(mean, std)
        self.size = size
        self.resize = resize
        self.mean = mean
        self.std = std
        self._short_side = round(size * 256 / 224) if resize is None else resize

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if len(input_shape) != 4:
            raise ValueError(
                "Argument `inputs` must be images of rank 4 (batch, height, width, channels). "
                f"Received: inputs.shape={tuple(input_shape)}"
            )
        check_channels(self.mean, self.std, input_shape[-1])

    def call(self, inputs: Any) -> Any:
        dtype = wide_type(inputs.dtype, self.compute_dtype)
        images = ops.cast(inputs, dtype)
        shape = ops.shape(images)
        height, width = shape[1], shape[2]
        short = ops.minimum(height, width)
        sides = [side * self._short_side // short for side in (height, width)]
        scale = [ops.cast(a, dtype) / ops.cast(b, dtype) for a, b in zip(sides, shape[1:3])]
        offset = [ops.cast(_centre_offset(side - self.size), dtype) for side in sides]
        crop = ops.image.scale_and_translate(
            images,
            (shape[0], self.size, self.size, shape[3]),
            ops.stack(scale),
            -ops.stack(offset),
            spatial_dims=(1, 2),
            method="linear",
            antialias=True,
        )
        return ops.cast(normalize(crop, self.mean, self.std), self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], self.size, self.size, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "size": self.size,
            "resize": self.resize,
            "mean": self.mean,
            "std": self.std,
        }


def _centre_offset(margin):
    """Return Python's `int(round(margin / 2))` (half to even) for integer tensors."""
    half = margin // 2
    return half + (margin % 2) * (half % 2)
