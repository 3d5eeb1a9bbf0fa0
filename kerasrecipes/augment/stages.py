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
    start = _first_of_batches(transforms, not encoded and image_spec.shape.is_fully_defined())
    _check_mixing(transforms, start)
    return transforms[:start], transforms[start:]


def checked_for_device(transforms):
    """Return the transforms of whole batches of one size as a list, or raise as `split_stages`."""
    transforms = checked(transforms)
    _check_mixing(transforms, _first_of_batches(transforms, fixed=True))
    for transform, several in _behind_several(transforms):
        if not getattr(transform, "batched", True):
            raise ValueError(
                f"Argument `transforms` must not have {type(transform).__name__}, which takes one "
                f"image, behind {several}, which makes several of each. Received: "
                f"transforms={transforms}"
            )
    return transforms


def _first_of_batches(transforms, fixed):
    start = 0
    for position, transform in enumerate(transforms):
        if not fixed or not getattr(transform, "batched", False):
            start = position + 1
        fixed = fixed or getattr(transform, "fixes_size", False)
    return start


def _check_mixing(transforms, start):
    """Raise where a transform mixes images before their last size, or several crops of each."""
    for transform, several in _behind_several(transforms):
        if getattr(transform, "takes_labels", False):
            raise ValueError(
                f"Argument `transforms` must not mix images behind {several}, which makes several "
                f"of each. Received: transforms={transforms}"
            )
    for transform in transforms[:start]:
        if getattr(transform, "takes_labels", False):
            raise ValueError(
                "Argument `transforms` must have transforms that mix images at its end, after one "
                "that fixes the size, with only batched ones behind them. Received: "
                f"transforms={transforms}"
            )


def _behind_several(transforms):
    """Yield each transform behind one that makes several images of each, and the name of that."""
    several = None
    for transform in transforms:
        if several:
            yield transform, several
        crops = getattr(transform, "crops", 1)
        if isinstance(crops, int) and crops > 1:
            several = type(transform).__name__


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
