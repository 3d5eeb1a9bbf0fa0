"""Which transforms run on an image at a time, and which on a batch."""

import tensorflow as tf

from kerasrecipes.augment.decode_image import DecodeImage


def split_stages(dataset, transforms):
    """Return (transforms for an image, transforms for a batch).

    A batch needs images of one size: the second part is the longest tail of batched transforms
    that starts where the size is fixed.
    """
    transforms = list(transforms)
    for transform in transforms:
        if not callable(transform):
            raise TypeError(
                "Argument `transforms` must be a sequence of callables. Received: "
                f"{transform!r} (of type {type(transform).__name__})"
            )
    image_spec = dataset.element_spec[0]
    encoded = image_spec.dtype == tf.string
    if encoded and not (transforms and getattr(transforms[0], "takes_bytes", False)):
        transforms.insert(0, DecodeImage())
    fixed = not encoded and image_spec.shape.is_fully_defined()
    start = 0
    for position, transform in enumerate(transforms):
        if not fixed or not getattr(transform, "batched", False):
            start = position + 1
        fixed = fixed or getattr(transform, "fixes_size", False)
    return transforms[:start], transforms[start:]
