"""What pixels must be: uint8, or floats in 0..255 until `Normalize`."""

import warnings

import numpy as np

from kerasrecipes._backend.tensorflow_module import tf

_PEEK = 8  # images


def check_dtype(dtype, name):
    """Raise unless pixels of this dtype are in the contract: uint8 or floating."""
    dtype = tf.as_dtype(dtype)
    if dtype != tf.uint8 and not dtype.is_floating:
        raise TypeError(
            f"Argument `{name}` must hold pixels as uint8, or as floats in 0..255 (16 bits: divide "
            f"by 257). Received: dtype={dtype.name}"
        )


def check_color(image):
    """Raise unless an image is grey or RGB: an alpha channel is no colour."""
    if image.shape[-1] not in (1, 3):
        raise ValueError(
            "Argument `image` must have 1 or 3 channels, for a change of colour; `image[..., :3]` "
            f"leaves alpha out. Received: shape={image.shape}"
        )


def check_order(transforms):
    """Raise where a transform that works on values in 0..255 comes behind `Normalize`."""
    behind = None
    for transform in transforms:
        if behind and getattr(transform, "before_normalize", False):
            raise ValueError(
                f"Argument `transforms` must have {type(transform).__name__} before {behind}: it "
                f"works on values in 0..255. Received: transforms={transforms}"
            )
        if getattr(transform, "normalizes", False):
            behind = type(transform).__name__


def warn_of_unit_range(source, first, transforms):
    """Warn if the first images are floats that never exceed 1, which would be all but black.

    Args:
        source: `Source`.
        first: int, the index of the first image to look at.
        transforms: list of transforms. Behind a `Normalize` for 0..1 nothing is wrong.
    """
    unit = any(getattr(one, "normalizes", False) and np.max(one.std) <= 1 for one in transforms)
    if not source.spec[0].dtype.is_floating or unit:
        return
    highest = 0.0
    for image in _first_images(source, first):
        highest = max(highest, float(tf.reduce_max(image)))
    if 0 < highest <= 1:
        warnings.warn(
            "Argument `dataset` has float images that never exceed 1. Transforms take values in "
            f"0..255: multiply by 255. Received: a maximum of {highest:.3g} in the first images",
            stacklevel=3,
        )


def _first_images(source, first):
    if source.element is None:
        return [image for image, _ in source.stream.take(_PEEK)]
    indices = range(first, min(first + _PEEK, source.size))
    return [source.element(tf.constant(index, tf.int64))[0] for index in indices]
