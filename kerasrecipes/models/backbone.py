"""Pretrained networks without their classifier, from raw pixels to the last feature map."""

import keras

from kerasrecipes._validation import check_choice, check_integer
from kerasrecipes.models._applications import (
    NATIVE_SIDES,
    SMALLEST_SIDES,
    application,
)

LEAST_SIDE = 32


def backbone(name, weights="imagenet", input_shape=None):
    """Return a network without its classifier: raw pixels in, the last feature map out.

    What the network's authors did to the pixels is done by the model's first layers, so it
    travels with the model: give it images as they are.

    Args:
        name: String, a network of `keras.applications`: `"ResNet50"`, `"EfficientNetB0"`,
            `"ConvNeXtTiny"`, ... Upper and lower case do not matter.
        weights: `"imagenet"`, `None` for random ones, or the path of a weights file of this
            network: one that Keras publishes ("notop"), or of `save_weights`. Defaults to
            `"imagenet"`: the download that Keras makes.
        input_shape: Tuple `(height, width, 3)` or `None`. Height and width are of at least 32
            pixels (71 for Xception, 75 for the Inception networks) or `None` for any. Defaults
            to the size that the network was trained on.

    Returns:
        A functional `keras.Model` named `name`. Input: `(batch, height, width, 3)`, RGB,
        `uint8` or float in 0..255. Output: `(batch, h, w, channels)`, before any pooling.

    Raises:
        ValueError: If no network has this name, the size is below the network's least, or the
            weights file is not of this network.
        ConnectionError: If the weights cannot be downloaded.

    Example:

    >>> model = backbone("MobileNetV2", weights=None)
    >>> model.input_shape, model.output_shape
    ((None, 224, 224, 3), (None, 7, 7, 1280))

    Reference:
        https://keras.io/api/applications. EfficientNetB0 to B7 with `weights=None` normalise by
        ImageNet's statistics here, and only divide by 255 in Keras.
    """
    constructors = {constructor.lower(): constructor for constructor in NATIVE_SIDES}
    if str(name).lower() not in constructors:
        check_choice("name", name, tuple(NATIVE_SIDES))
    _check_data_format()
    constructor = constructors[name.lower()]
    side = NATIVE_SIDES[constructor]
    least = SMALLEST_SIDES.get(constructor, LEAST_SIDE)
    shape = check_input_shape(input_shape, side, least)
    return application(constructor, weights, shape, name)


def check_input_shape(input_shape, side, least):
    """The shape `(height, width, 3)` to build, raising unless it is one of `least` or more."""
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


def _check_data_format():
    if keras.config.image_data_format() != "channels_last":
        raise ValueError(
            "Backbones take images (batch, height, width, 3). Call "
            "keras.config.set_image_data_format('channels_last') first. Received: "
            f"image_data_format={keras.config.image_data_format()!r}"
        )
