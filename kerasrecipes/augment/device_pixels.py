"""The arithmetic of `functional` on a batch, with `keras.ops`: on any backend and its device.

Images are tensors (N, H, W, C) of a known shape; what was drawn comes as arrays, one row an image.
"""

import math

import keras
import numpy as np
from keras import ops

from kerasrecipes._backend.image_windows import choose_images, image_windows
from kerasrecipes.augment import resampling_weights
from kerasrecipes.augment.functional import restore_dtype

LUMA = (0.2989, 0.587, 0.114)  # of red, green, blue, as `tf.image.rgb_to_grayscale` has it


def pad_crop(images, top, left, size, padding):
    """Return a `size` x `size` window of each image, which reaches out by `padding` at most."""
    if _by_copies():
        return image_windows(images, top, left, size, padding)
    count, height, width, channels = images.shape
    rows, columns = (ops.expand_dims(start, 1) + ops.arange(size, dtype="int32")
                     for start in (top, left))  # fmt: skip
    inside = _both((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
    rows, columns = ops.clip(rows, 0, height - 1), ops.clip(columns, 0, width - 1)
    first = ops.reshape(ops.arange(count, dtype="int32") * (height * width), (count, 1, 1))
    places = first + ops.expand_dims(rows * width, 2) + ops.expand_dims(columns, 1)
    pixels = ops.reshape(images, (count * height * width, channels))
    window = ops.reshape(
        ops.take(pixels, ops.reshape(places, (-1,)), axis=0), (count, size, size, channels)
    )
    return ops.where(inside, window, ops.zeros_like(window))


def flip(images, mirrored):
    """Return `images` mirrored left to right where `mirrored` (N,) is true."""
    if _by_copies() and "int" in str(images.dtype):  # a choice by mask is slow for bytes alone
        return choose_images(mirrored, ops.flip(images, axis=2), images)
    return ops.where(ops.reshape(mirrored, (-1, 1, 1, 1)), ops.flip(images, axis=2), images)


def normalize(images, mean, std):
    """Return `(images - mean) / std` as float32, `mean` and `std` numbers or one a channel."""
    shape = images.shape
    width, channels = shape[-2:]
    for values in (mean, std):
        if np.size(values) not in (1, channels):
            raise ValueError(
                "Arguments `mean` and `std` must be numbers, or one for each channel of the images."
                f" Received: mean={mean}, std={std}, images of shape {tuple(shape)}"
            )
    scale = 1.0 / np.asarray(std, "float64")
    shift = -np.asarray(mean, "float64") * scale
    # Along whole rows, as in `functional.normalize`: twice as fast as along three channels.
    scale, shift = (
        ops.convert_to_tensor(np.tile(np.broadcast_to(part, channels), width), "float32")
        for part in (scale, shift)
    )
    rows = ops.reshape(images, (*shape[:-2], width * channels))
    return ops.reshape(ops.cast(rows, "float32") * scale + shift, shape)


def resample(images, rows, columns):
    """Return `rows · image · columnsᵀ` of each image, float32, by the matrices of each side."""
    images = ops.cast(images, "float32")
    images = ops.einsum("noh,nhwc->nowc", ops.broadcast_to(rows, _for_each(rows, images)), images)
    return ops.einsum(
        "npw,nowc->nopc", ops.broadcast_to(columns, _for_each(columns, images)), images
    )


def _for_each(matrix, images):
    return (images.shape[0], *matrix.shape[1:])


def resized_window(images, scaled, corner, size):
    """Return the window at `corner` of all images resized to `scaled`, antialiased, float32.

    Args:
        images: (N, H, W, C).
        scaled, corner: pairs of integers.
        size: int, or pair of integers.
    """
    source, size = images.shape[1:3], (size, size) if isinstance(size, int) else size
    if tuple(scaled) == tuple(source):  # each pixel is one of the source's
        (top, left), (height, width) = corner, size
        return ops.cast(images[:, top : top + height, left : left + width], "float32")
    matrices = [
        resampling_weights.resize_crop(source[axis], [scaled[axis]], [corner[axis]], size[axis])
        for axis in (0, 1)
    ]
    return resample(images, *map(ops.convert_to_tensor, matrices))


def ten_crop(images, size):
    """Return the crops of `functional.ten_crop` of each image, (N, 10, size, size, C)."""
    bottom, right = images.shape[1] - size, images.shape[2] - size
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right)]
    corners.append((round(bottom / 2), round(right / 2)))
    views = [
        view[:, top : top + size, left : left + size]
        for view in (images, ops.flip(images, axis=2))
        for top, left in corners
    ]
    return ops.stack(views, axis=1)


def with_channels(images, channels):
    """Return images with 1 or 3 channels: grey is repeated, alpha dropped, RGB made grey."""
    present = images.shape[-1]
    if channels is None or present == channels:
        return images
    if present == 1 and channels == 3:
        return ops.repeat(images, 3, axis=-1)
    if present == 4:
        return with_channels(images[..., :3], channels)
    if present == 3 and channels == 1:
        return _grey(images)
    raise ValueError(
        f"Images with {present} channels cannot be given {channels}. Received: "
        f"shape={tuple(images.shape)}"
    )


def _grey(images):
    """Return the luma of RGB, in the dtype of the images, rounded as `tf.image` does it."""
    values = ops.cast(images, "float32")
    is_integer = "int" in str(images.dtype)
    if is_integer:
        values = values * float(np.float32(1 / 255))
    luma = sum(values[..., place : place + 1] * weight for place, weight in enumerate(LUMA))
    return ops.cast(luma * 255.5 if is_integer else luma, images.dtype)


def rectangle_mask(images, top, left, height, width):
    """Return (N, H, W, 1) booleans, true inside the rectangle of each image."""
    sides = []
    for start, length, axis in ((top, height, 1), (left, width, 2)):
        start, length = ops.expand_dims(start, 1), ops.expand_dims(length, 1)
        place = ops.arange(images.shape[axis], dtype="int32")
        sides.append((place >= start) & (place < start + length))
    return _both(*sides)


def overwrite(images, inside, values):
    """Return `values` where `inside`, `images` elsewhere, in the dtype of the images."""
    return ops.where(inside, ops.cast(values, images.dtype), images)


def mix_up(images, labels, weight):
    """Return `weight · image + (1 - weight) · the one before` of images and labels."""
    share = ops.reshape(weight, (-1, 1, 1, 1))
    values = ops.cast(images, "float32")
    mixed = share * values + (1.0 - share) * ops.roll(values, 1, axis=0)
    return restore_dtype(mixed, images.dtype), _mix_labels(labels, weight)


def cut_mix(images, labels, top, left, height, width):
    """Return images with a rectangle of the one before, and labels mixed by area."""
    inside = rectangle_mask(images, top, left, height, width)
    pasted = ops.where(inside, ops.roll(images, 1, axis=0), images)
    area = ops.cast(height * width, "float32") / float(math.prod(images.shape[1:3]))
    return pasted, _mix_labels(labels, 1.0 - area)


def _mix_labels(labels, weight):
    weight = ops.expand_dims(ops.cast(weight, labels.dtype), 1)
    return weight * labels + (1 - weight) * ops.roll(labels, 1, axis=0)


def _both(rows, columns):
    inside = ops.logical_and(ops.expand_dims(rows, 2), ops.expand_dims(columns, 1))
    return ops.expand_dims(inside, 3)


def _by_copies():
    """Say whether nothing fuses a gather with what follows: PyTorch runs one kernel at a time."""
    return keras.backend.backend() == "torch"
