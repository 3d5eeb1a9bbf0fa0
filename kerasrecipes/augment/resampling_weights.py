"""Bilinear resampling as matrices: what each output pixel takes of each pixel of the source.

One matrix a side, float32 (..., size, source), rows that sum to 1: `rows · image · columnsᵀ`. They
are those of `functional.resize_crop` and `functional.resize_window`, in NumPy.
"""

import numpy as np


def resize_crop(source, scaled, offset, size):
    """The window at `offset` of a side resized to `scaled`, antialiased.

    Args:
        source: int, pixels of the side.
        scaled, offset: int arrays (N,), its new length and where the window starts in that.
        size: int, pixels of the window.
    """
    factor = (source / np.asarray(scaled, np.float64))[:, None, None]
    centers = (np.arange(size)[:, None] + 0.5 + np.asarray(offset)[:, None, None]) * factor
    width = np.maximum(factor, 1.0)  # shrinking widens the triangle
    return _normalized(1 - np.abs(np.arange(source) + 0.5 - centers) / width)


def resize_window(source, corner, extent, size):
    """`extent` pixels of a side from `corner` on, resized to `size` without antialiasing.

    Args:
        source: int, pixels of the side.
        corner, extent: int arrays (N,).
        size: int, pixels of the result.
    """
    corner, extent = (np.asarray(part)[:, None, None] for part in (corner, extent))
    centers = (np.arange(size)[:, None] + 0.5) * (extent / size)
    centers = np.clip(centers, 0.5, extent - 0.5) + corner  # the border is repeated
    return _normalized(1 - np.abs(np.arange(source) + 0.5 - centers))


def resize_part(source, corner, extent, size):
    """`extent` pixels of a side from `corner` on, resized to `size`, antialiased."""
    corner, extent = (np.asarray(part)[:, None, None] for part in (corner, extent))
    factor = extent / size
    centers = (np.arange(size)[:, None] + 0.5) * factor + corner
    place = np.arange(source)
    inside = (place >= corner) & (place < corner + extent)
    return _normalized((1 - np.abs(place + 0.5 - centers) / np.maximum(factor, 1.0)) * inside)


def _normalized(weights):
    weights = np.maximum(weights, 0.0)
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)
