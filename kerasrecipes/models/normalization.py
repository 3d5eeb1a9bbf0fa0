"""Normalisation layers by name, for the networks of this package."""

from typing import Any

import keras

from kerasrecipes import layers
from kerasrecipes._backend.replicas import is_mirrored
from kerasrecipes._validation import check_choice

NAMES = ("batch", "group", "instance", "layer", "decorrelated")


def normalization_layer(normalization: str, channels: int, name: str | None = None) -> Any:
    """Return a new normalisation layer for feature maps of `channels` channels.

    Args:
        normalization: `"batch"` (momentum 0.9, epsilon 1e-5), `"group"` (32 groups as in the
            paper, or pairs of channels if there are fewer than 64), `"instance"`, `"layer"`
            (one group: over height, width and channels), `"decorrelated"` (groups of 16), or a
            callable that takes `name` and returns a layer. In the scope of a `MirroredStrategy`
            of several devices, statistics are those of the whole batch (`synchronized`).
        channels: int, the number of channels.
        name: str or `None`. Name of the layer.

    Returns:
        A Keras layer, with the channel axis of `keras.config.image_data_format()`.

    Raises:
        ValueError: If the name is unknown.

    Example:

    >>> from kerasrecipes.models import normalization_layer
    >>> normalization_layer("group", channels=16).groups
    8
    """
    if callable(normalization):
        return normalization(name=name)
    check_choice("normalization", normalization, NAMES)
    options = {"axis": channel_axis(), "epsilon": 1e-5, "name": name}
    if normalization in ("batch", "decorrelated"):
        options |= {"momentum": 0.9, "synchronized": is_mirrored()}
        kinds = (keras.layers.BatchNormalization, layers.DecorrelatedBatchNormalization)
        return kinds[normalization == "decorrelated"](**options)
    if normalization == "instance":
        return layers.InstanceNormalization(**options)
    groups = 1 if normalization == "layer" else min(32, max(1, channels // 2))
    return layers.GroupNormalization(groups=groups, **options)


def channel_axis():
    """Return the channel axis of feature maps in the current image data format."""
    return -1 if keras.config.image_data_format() == "channels_last" else 1
