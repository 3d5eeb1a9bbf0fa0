"""Which transforms run on an image at a time, and which on a batch."""

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment.decode_image import DecodeImage


def split_stages(image_spec, transforms):
    """Return (transforms for an image, transforms for a batch).

    A batch needs images of one size: the second part is the longest tail of batched transforms
    that starts where the size is fixed.
    """
    encoded = image_spec.dtype == tf.string
    transforms = with_decoder(transforms) if encoded else checked(transforms)
    fixed = not encoded and image_spec.shape.is_fully_defined()
    start = 0
    for position, transform in enumerate(transforms):
        if not fixed or not getattr(transform, "batched", False):
            start = position + 1
        fixed = fixed or getattr(transform, "fixes_size", False)
    for transform in transforms[:start]:
        if getattr(transform, "takes_labels", False):
            raise ValueError(
                "Argument `transforms` must have transforms that mix images at its end, after one "
                "that fixes the size, with only batched ones behind them. Received: "
                f"transforms={transforms}"
            )
    return transforms[:start], transforms[start:]


def with_decoder(transforms):
    """Return the transforms as a list that takes bytes, `DecodeImage` in front if need be."""
    transforms = checked(transforms)
    if transforms and getattr(transforms[0], "takes_bytes", False):
        return transforms
    return [DecodeImage(), *transforms]


def checked(transforms):
    """Return the transforms as a list, or raise if one of them cannot be called."""
    transforms = list(transforms)
    for transform in transforms:
        if not callable(transform):
            raise TypeError(
                "Argument `transforms` must be a sequence of callables. Received: "
                f"{transform!r} (of type {type(transform).__name__})"
            )
    return transforms
