"""Sizes, offsets and crops: what is kept of an image, and where."""

from typing import Any

import numpy as np

from kerasrecipes._backend.tensorflow_module import tf


def short_side_size(height: Any, width: Any, short_side: Any) -> Any:
    """Return the (height, width) whose shorter side is `short_side`, the longer one truncated.

    `long = int(short_side * long / short)`. Python integers give Python integers, tensors give
    tensors.

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

    >>> from kerasrecipes.augment.functional import center_offset
    >>> center_offset(341, 224)
    58
    """
    if isinstance(size_in, (int, np.integer)):
        return round((size_in - size_out) / 2)
    return tf.cast(tf.round((tf.cast(size_in, tf.float32) - size_out) / 2), size_in.dtype)


def crop(image: Any, top: Any, left: Any, height: Any, width: Any) -> Any:
    """Return the window of `image` (H, W, C) that starts at (top, left)."""
    window = image[top : top + height, left : left + width]
    if isinstance(height, int) and isinstance(width, int):
        window = tf.ensure_shape(window, (height, width, image.shape[-1]))
    return window


def center_crop(image: Any, size: Any) -> Any:
    """Return the central `size` x `size` pixels of `image` (H, W, C)."""
    height, width = image_size(image)
    return crop(image, center_offset(height, size), center_offset(width, size), size, size)


def ten_crop(image: Any, size: Any) -> Any:
    """Return ten `size` x `size` crops of `image` (H, W, C), shape (10, size, size, C).

    Top left, top right, bottom left, bottom right, centre, then the same five of the mirror
    image.

    Reference: Krizhevsky, Sutskever & Hinton (2012), "ImageNet classification with deep
    convolutional neural networks".
    """
    return tf.stack(ten_windows(image, size))


def ten_windows(image: Any, size: Any) -> Any:
    """Return the windows of `ten_crop` as a list."""
    height, width = image_size(image)
    bottom, right = height - size, width - size
    middle = (center_offset(height, size), center_offset(width, size))
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right), middle]
    windows = [crop(image, top, left, size, size) for top, left in corners]
    mirrored = [crop(image, top, right - left, size, size) for top, left in corners]
    return windows + [tf.reverse(window, axis=[1]) for window in mirrored]


def image_size(image: Any) -> Any:
    """Return height and width of (..., H, W, C), Python integers where they are known."""
    dynamic = tf.shape(image)
    return tuple(
        image.shape[axis] if image.shape[axis] is not None else dynamic[axis] for axis in (-3, -2)
    )


def pad_crop(images: Any, top: Any, left: Any, size: int, padding: int | None = None) -> Any:
    """Return a `size` x `size` window of each of `images` (N, H, W, C), zeros outside.

    `top` and `left` (N,) are where the window starts, negative for outside the image. `padding`
    is the number of pixels outside that a window reaches at most, `None` for any number.
    """
    if padding is None:
        height, width = image_size(images)
        top, left = tf.clip_by_value(top, -size, height), tf.clip_by_value(left, -size, width)
    border = size if padding is None else padding
    images = tf.pad(images, [[0, 0], [border, border], [border, border], [0, 0]])
    rows, columns = (start[:, None] + border + tf.range(size) for start in (top, left))
    images = tf.gather(images, rows, axis=1, batch_dims=1)
    return tf.gather(images, columns, axis=2, batch_dims=1)
