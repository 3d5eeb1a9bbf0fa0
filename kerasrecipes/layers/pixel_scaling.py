"""Pixels to the input that a network was trained on: centred, scaled, channels in its order."""

import keras
from keras import ops

from kerasrecipes._validation import check_boolean, check_number


@keras.saving.register_keras_serializable(package="kerasrecipes")
class PixelScaling(keras.layers.Layer):
    """Scales raw pixels: `y = (x - mean) / std`, before it the channels reversed if asked for.

    The size of the image stays. Computed in float32 whatever the compute dtype, so that half
    precision rounds the result once and not the pixels.

    Args:
        mean: Number, or a tuple or list of one number a channel, in pixel values (0 to 255), in
            the order of the output's channels. Defaults to 0.
        std: Positive number, or one a channel, in pixel values. Defaults to 1.
        reverse_channels: Boolean. Whether the output's channels are those of the input in
            reverse: RGB to BGR. Defaults to `False`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        `(batch, ..., channels)`, `uint8` or float in 0..255.

    Output shape:
        That of the input, in the layer's compute dtype.

    Raises:
        ValueError: If a value of `std` is not positive, or there are more numbers than channels.

    Example:

    >>> import numpy as np
    >>> layer = PixelScaling(mean=(100.0, 110.0, 120.0), std=10.0, reverse_channels=True)
    >>> y = keras.ops.convert_to_numpy(layer(np.array([[[[0, 110, 200]]]], "uint8")))
    >>> print(y.ravel())
    [ 10.   0. -12.]
    """

    def __init__(self, mean=0.0, std=1.0, reverse_channels=False, **kwargs):
        super().__init__(autocast=False, **kwargs)
        for value in _values(mean):
            check_number("mean", value, "(-inf, inf)")
        for value in _values(std):
            check_number("std", value, "(0, inf)")
        check_boolean("reverse_channels", reverse_channels)
        self.mean = mean
        self.std = std
        self.reverse_channels = reverse_channels

    def build(self, input_shape):
        for name, values in (("mean", _values(self.mean)), ("std", _values(self.std))):
            if len(values) not in (1, input_shape[-1]):
                raise ValueError(
                    f"Argument `{name}` must be one number or one for each of the "
                    f"{input_shape[-1]} channels. Received: {name}={getattr(self, name)}"
                )

    def call(self, inputs):
        pixels = ops.cast(inputs, "float32")
        if self.reverse_channels:
            pixels = ops.flip(pixels, axis=-1)
        mean = ops.convert_to_tensor(_values(self.mean), "float32")
        std = ops.convert_to_tensor(_values(self.std), "float32")
        return ops.cast((pixels - mean) / std, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "mean": self.mean,
            "std": self.std,
            "reverse_channels": self.reverse_channels,
        }


def _values(mean_or_std):
    return list(mean_or_std) if isinstance(mean_or_std, (tuple, list)) else [mean_or_std]
