"""Sizes, offsets and crops: what is kept of an image, and where."""

from typing import Any

import numpy as np

from kerasrecipes._backend.tensorflow_module import tf


def short_side_size(height: Any, width: Any, short_side: Any) -> Any:
    """Return the (height, width) whose shorter side is `short_side`, the longer one truncated.

    `long = int(short_side * long / short)`. Python integers give Python integers, tensors give
    tensors.

    Args:
        height, width: int or integer tensor, size of an image in pixels.
        short_side: int or integer tensor, the shorter side that is wanted.

    >>> from kerasrecipes.augment.functional import short_side_size
    >>> short_side_size(375, 500, 256)
    (256, 341)
    """
    if all(isinstance(value, (int, np.integer)) for value in (height, width, short_side)):
        short = min(height, width)
        return short_side * height // short, short_side * width // short
    short = tf.minimum(height, width)
    return short_side * height // short, short_side * width // short


def center_offset(size_in: Any, size_out: Any) -> Any:
    """Return `int(round((size_in - size_out) / 2))`, halves to the even integer.

    Args:
        size_in: int or integer tensor, side of the image in pixels.
        size_out: int or integer tensor, side of the crop.

    >>> from kerasrecipes.augment.functional import center_offset
    >>> center_offset(341, 224)
    58
    """
    if isinstance(size_in, (int, np.integer)):
        return round((size_in - size_out) / 2)
    return tf.cast(tf.round((tf.cast(size_in, tf.float32) - size_out) / 2), size_in.dtype)


def crop(image: Any, top: Any, left: Any, height: Any, width: Any) -> Any:
    """Return the window of `image` (H, W, C) that starts at (top, left).

    Args:
        image: tensor (H, W, C).
        top, left: int, where the window starts.
        height, width: int, its size.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> image = np.arange(12).reshape(3, 4, 1)
    >>> functional.crop(image, 1, 0, 2, 3).numpy()[..., 0]
    array([[ 4,  5,  6],
           [ 8,  9, 10]])
    """
    window = image[top : top + height, left : left + width]
    if isinstance(height, int) and isinstance(width, int):
        window = tf.ensure_shape(window, (height, width, image.shape[-1]))
    return window


def center_crop(image: Any, size: Any) -> Any:
    """Return the central `size` x `size` pixels of `image` (H, W, C).

    Args:
        image: tensor (H, W, C).
        size: int, side of the window in pixels, at most min(H, W).

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> functional.center_crop(np.arange(16).reshape(4, 4, 1), 2).numpy()[..., 0]
    array([[ 5,  6],
           [ 9, 10]])
    """
    height, width = image_size(image)
    return crop(image, center_offset(height, size), center_offset(width, size), size, size)


def ten_crop(image: Any, size: Any) -> Any:
    """Return ten `size` x `size` crops of `image` (H, W, C), shape (10, size, size, C).

    Top left, top right, bottom left, bottom right, centre, then the same five of the mirror
    image.

    Args:
        image: tensor (H, W, C).
        size: int, side of the crops in pixels, at most min(H, W).

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> functional.ten_crop(np.zeros((32, 48, 3), "uint8"), 24).shape.as_list()
    [10, 24, 24, 3]

    Reference: Krizhevsky, Sutskever & Hinton (2012), "ImageNet classification with deep
    convolutional neural networks".
    """
    return tf.stack(ten_windows(image, size))


def ten_windows(image: Any, size: Any) -> Any:
    """Return the windows of `ten_crop` as a list.

    Args:
        image: tensor (H, W, C).
        size: int, side of the crops in pixels, at most min(H, W).

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> windows = functional.ten_windows(np.arange(16).reshape(4, 4, 1), 2)
    >>> [int(window[0, 0, 0]) for window in windows]
    [0, 2, 8, 10, 5, 3, 1, 11, 9, 6]
    """
    height, width = image_size(image)
    bottom, right = height - size, width - size
    middle = (center_offset(height, size), center_offset(width, size))
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right), middle]
    windows = [crop(image, top, left, size, size) for top, left in corners]
    mirrored = [crop(image, top, right - left, size, size) for top, left in corners]
    return windows + [tf.reverse(window, axis=[1]) for window in mirrored]


def image_size(image: Any) -> Any:
    """Return height and width of (..., H, W, C), Python integers where they are known.

    Args:
        image: tensor (..., H, W, C).

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> functional.image_size(np.zeros((2, 32, 48, 3)))
    (32, 48)
    """
    return tuple(
        tf.shape(image)[axis] if image.shape[axis] is None else image.shape[axis]
        for axis in (-3, -2)
    )


def pad_crop(images: Any, top: Any, left: Any, size: int, padding: int | None = None) -> Any:
    """Return a `size` x `size` window of each of `images` (N, H, W, C), zeros outside.

    `top` and `left` (N,) are where the window starts, negative for outside the image. `padding`
    is the number of pixels outside that a window reaches at most, `None` for any number.

    Args:
        images: tensor (N, H, W, C).
        top, left: integer tensors (N,).
        size: int, side of the windows.
        padding: int or `None`. Defaults to `None`.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> image = np.arange(1, 10, dtype="float32").reshape(1, 3, 3, 1)
    >>> functional.pad_crop(image, np.int32([-1]), np.int32([1]), 3).numpy()[0, ..., 0]
    array([[0., 0., 0.],
           [2., 3., 0.],
           [5., 6., 0.]], dtype=float32)
    """
    if padding is None:
        height, width = image_size(images)
        top, left = tf.clip_by_value(top, -size, height), tf.clip_by_value(left, -size, width)
    border = size if padding is None else padding
    images = tf.pad(images, [[0, 0], [border, border], [border, border], [0, 0]])
    rows, columns = (start[:, None] + border + tf.range(size) for start in (top, left))
    images = tf.gather(images, rows, axis=1, batch_dims=1)
    return tf.gather(images, columns, axis=2, batch_dims=1)
