"""Checks shared by the networks with built-in preprocessing."""

import keras

from kerasrecipes._validation import check_integer


def check_input_shape(input_shape, side, least):
    """Return the input shape, checked; for `None` it is `(side, side, 3)`.

    >>> check_input_shape(None, side=224, least=32)
    (224, 224, 3)
    >>> check_input_shape((16, 64, 3), side=224, least=32)
    Traceback (most recent call last):
    ValueError: Argument `input_shape` must be in [32, inf). Received: input_shape=16
    """
    if input_shape is None:
        return (side, side, 3)
    if len(input_shape) != 3 or input_shape[-1] != 3:
        raise ValueError(
            "Argument `input_shape` must be (height, width, 3). Received: "
            f"input_shape={tuple(input_shape)}"
        )
    for value in input_shape[:2]:
        if value is not None:
            check_integer("input_shape", value, f"[{least}, inf)")
    return tuple(input_shape)


def check_channels_last():
    """Raise unless Keras's image data format is channels last, as images are stored."""
    if keras.config.image_data_format() != "channels_last":
        raise ValueError(
            "Pretrained networks take images (batch, height, width, 3): call "
            "keras.config.set_image_data_format('channels_last') first. Received: "
            f"image_data_format={keras.config.image_data_format()!r}"
        )
