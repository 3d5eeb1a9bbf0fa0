"""Windows and rectangles of `window` and `rectangles`, in NumPy, for a batch of one size.

Positions and sizes are int arrays (N, 2), vertical and horizontal; a result is the pair of matrices
that `device_pixels.resample` takes.
"""

import math

import numpy as np

from kerasrecipes.augment import host_draws, resampling_weights

_ATTEMPTS = 10


def scale_crop(source, scaled, offset, size, exact):
    """The `size` window at `offset` of images resized to `scaled`, as `window.resample` has it."""
    smooth = [
        resampling_weights.resize_crop(source[axis], scaled[:, axis], offset[:, axis], size)
        for axis in (0, 1)
    ]
    if exact:
        return smooth
    factor = source.astype(np.float32) / scaled.astype(np.float32)
    extent = np.round(np.float32(size) * factor).astype(np.int64)
    extent = np.minimum(np.maximum(extent, 1), source)
    corner = np.round(offset.astype(np.float32) * factor).astype(np.int64)
    corner = np.minimum(corner, source - extent)
    return _where_mild(source, scaled, _windows(source, corner, extent, size), smooth)


def source_crop(source, corner, extent, size, exact):
    """The part at `corner`, `extent` large, resized, as `window.resample_source` has it."""
    smooth = [
        resampling_weights.resize_part(source[axis], corner[:, axis], extent[:, axis], size)
        for axis in (0, 1)
    ]
    if exact:
        return smooth
    return _where_mild(extent, np.array([size]), _windows(source, corner, extent, size), smooth)


def draw_sides_on_host(seeds, height, width, area, ratio):
    """The same rectangles as `rectangles.draw_sides`, but for the rounding of logarithms."""
    uniforms = host_draws.uniform(seeds, 2 * _ATTEMPTS)
    low, high = (math.log(bound) for bound in ratio)
    target = np.float32(height) * np.float32(width)
    target = target * (area[0] + (area[1] - area[0]) * uniforms[..., :_ATTEMPTS])
    aspect = np.exp(low + (high - low) * uniforms[..., _ATTEMPTS:])
    tall = np.round(np.sqrt(target / aspect)).astype(np.int64)
    wide = np.round(np.sqrt(target * aspect)).astype(np.int64)
    fits = (tall > 0) & (wide > 0) & (tall <= height) & (wide <= width)
    first = np.argmax(fits, axis=-1)[..., None]
    tall, wide = (np.take_along_axis(part, first, axis=-1)[..., 0] for part in (tall, wide))
    return tall, wide, fits.any(axis=-1)


def _windows(source, corner, extent, size):
    return [
        resampling_weights.resize_window(source[axis], corner[:, axis], extent[:, axis], size)
        for axis in (0, 1)
    ]


def _where_mild(before, after, mild, smooth):
    """Choose by image: a side shrinks at most to a half and grows at most to the double."""
    is_mild = ((2 * after >= before) & (after <= 2 * before)).all(axis=1)[:, None, None]
    return [np.where(is_mild, *pair) for pair in zip(mild, smooth)]
