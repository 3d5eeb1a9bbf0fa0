"""What pixels must be: uint8, or floats in 0..255 until `Normalize`."""

import numpy as np

from kerasrecipes._validation import check_choice
from kerasrecipes._warning import warn

PEEK = 8  # images looked at before the first step


def check_dtype(dtype, name):
    """Raise unless pixels of this dtype, of any backend, are uint8 or floating."""
    word = _word(dtype)
    if word != "uint8" and not is_floating(dtype):
        raise TypeError(
            f"Argument `{name}` must hold pixels as uint8, or as floats in 0..255 (16 bits: divide "
            f"by 257). Received: dtype={word}"
        )


def is_floating(dtype):
    """Return whether a dtype of NumPy, TensorFlow, JAX or PyTorch is a float."""
    return "float" in _word(dtype)


def _word(dtype):
    return str(getattr(dtype, "name", dtype)).rpartition(".")[2]  # "torch.uint8"


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


def check_output(dtype, transforms):
    """Raise unless `dtype` is one that `pipeline` returns, and suits the transforms."""
    check_choice("dtype", dtype, (None, "float32", "uint8"))
    for transform in transforms:
        if dtype == "uint8" and getattr(transform, "normalizes", False):
            raise ValueError(
                f"Argument `dtype` must not be 'uint8' where {type(transform).__name__} returns "
                "values outside 0..255: leave that to `layers.PixelScaling` in the model. "
                f"Received: dtype='uint8', transforms={transforms}"
            )


def warn_of_unit_range(dtype, first_images, transforms):
    """Warn if the first images are floats that never exceed 1, which would be all but black.

    Args:
        dtype: of the images.
        first_images: function that returns the first images, called only for floats.
        transforms: list of transforms. Behind a `Normalize` for 0..1 nothing is wrong.
    """
    unit = any(getattr(one, "normalizes", False) and np.max(one.std) <= 1 for one in transforms)
    if unit or not is_floating(dtype):
        return
    highest = max((float(np.max(image)) for image in first_images()), default=0.0)
    if 0 < highest <= 1:
        warn(
            "Argument `dataset` has float images that never exceed 1. Transforms take values in "
            f"0..255: multiply by 255. Received: a maximum of {highest:.3g} in the first images"
        )
