"""PixelScaling: normalises raw pixels, and reverses the channels for networks that take BGR."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.arithmetic import wide_type
from kerasrecipes._validation import check_boolean
from kerasrecipes.layers._pixel_statistics import check_channels, check_statistics, normalize


@keras.saving.register_keras_serializable(package="kerasrecipes")
class PixelScaling(keras.layers.Layer):
    """Normalises raw pixels: `y = (x - mean) / std`, optionally with reversed channels.

    The size of the image stays the same. The computation is in float32 even if the compute dtype
    is half precision; only the result is rounded.

    Args:
        mean: float, or a tuple or list of one number per channel, in pixel values (0 to 255), in
            the order of the output's channels. Defaults to 0.
        std: float > 0, or one number per channel, in pixel values. Defaults to 1.
        reverse_channels: bool, whether to reverse the order of the channels first (RGB to BGR).
            Defaults to `False`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        `(batch, ..., channels)`, `uint8` or float in 0..255.

    Output shape:
        That of the input, in the layer's compute dtype.

    Raises:
        ValueError: If a value of `std` is not positive, or the numbers do not match the
            channels.

    Example:

    >>> import keras
    >>> from kerasrecipes.layers import PixelScaling
    >>> import numpy as np
    >>> layer = PixelScaling(mean=(100.0, 110.0, 120.0), std=10.0, reverse_channels=True)
    >>> y = keras.ops.convert_to_numpy(layer(np.array([[[[0, 110, 200]]]], "uint8")))
    >>> print(y.ravel())
    [ 10.   0. -12.]
    """

    def __init__(
        self,
        mean: float | Sequence[float] = 0.0,
        std: float | Sequence[float] = 1.0,
        reverse_channels: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        check_statistics(mean, std)
        check_boolean("reverse_channels", reverse_channels)
        self.mean = mean
        self.std = std
        self.reverse_channels = reverse_channels
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        check_channels(self.mean, self.std, input_shape[-1])

    def call(self, inputs: Any) -> Any:
        pixels = ops.cast(inputs, wide_type(inputs.dtype, self.compute_dtype))
        if self.reverse_channels:
            pixels = ops.flip(pixels, axis=-1)
        return ops.cast(normalize(pixels, self.mean, self.std), self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "mean": self.mean,
            "std": self.std,
            "reverse_channels": self.reverse_channels,
        }
