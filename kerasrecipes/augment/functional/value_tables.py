"""Tables of what becomes of each of the 256 values, for each channel of each image."""

import functools

import numpy as np

from kerasrecipes.augment.formula_ops import formula_ops

_LEVELS = np.arange(256, dtype=np.int32)


def places(images):
    """Return where each value of uint8 `images` stands in a flat table (images · channels · 256).

    Args:
        images: (H, W, C), or a batch (N, H, W, C).
    """
    on, channels = formula_ops(images), images.shape[-1]
    first = on.convert_to_tensor(256 * np.arange(channels, dtype=np.int32))
    result = on.cast(images, "int32") + first
    if len(images.shape) == 3:
        return result
    number = on.reshape(on.arange(on.shape(images)[0]), (-1, 1, 1, 1))
    return result + 256 * channels * on.cast(number, "int32")


def look_up(table, places):
    """Return the values of a table (..., 256) at `places`, as uint8."""
    on = formula_ops(table)
    return on.cast(on.take(on.reshape(table, (-1,)), places, axis=0), "uint8")


def stretched(low, high):
    """Return the table (..., 256) that stretches low..high (...,) to 0..255, truncated as Pillow.

    Pillow truncates a float64, which of some exact quotients is just below them: one less.
    """
    on = formula_ops(low)
    low, high, levels = low[..., None], high[..., None], on.convert_to_tensor(_LEVELS)
    table = (levels - low) * 255 // on.maximum(high - low, 1)
    keys = on.reshape((low * 256 + high) * 256 + levels, (-1,))
    below = on.convert_to_tensor(_truncated_below())
    nearest = on.minimum(on.searchsorted(below, keys), len(_truncated_below()) - 1)
    is_below = on.cast(on.take(below, nearest, axis=0) == keys, "int32")
    table = table - on.reshape(is_below, on.shape(table))
    return on.where(high > low, table, levels)


def equalized(places, entries):
    """Return the table (entries / 256, 256) that makes the histogram of `places` flat.

    Args:
        places: those of the values of the images, as `places` gives them.
        entries: int, how many places there are.
    """
    on = formula_ops(places)
    flat = on.reshape(places, (-1,))
    counts = on.reshape(on.segment_sum(on.ones_like(flat), flat, entries), (-1, 256))
    upto = on.cumsum(counts, axis=-1)
    pixels = upto[:, -1:]
    last = on.where((upto == pixels) & (counts > 0), counts, 0)  # of the highest value there is
    step = (pixels - on.sum(last, axis=-1, keepdims=True)) // 255
    table = on.clip((upto - counts + step // 2) // on.maximum(step, 1), 0, 255)
    return on.where(step == 0, on.convert_to_tensor(_LEVELS), table)


@functools.cache
def _truncated_below():
    """Return the keys (low · 256 + high) · 256 + value of quotients that Pillow makes one less."""
    keys = []
    for low in range(255):
        high = np.arange(low + 1, 256)[:, None]
        scale = 255.0 / (high - low)
        exact = (_LEVELS - low) * 255 // (high - low)
        less = np.trunc(_LEVELS * scale - low * scale) < exact
        inside = (low <= _LEVELS) & (high >= _LEVELS)
        keys.append(((low * 256 + high) * 256 + _LEVELS)[less & inside])
    return np.concatenate(keys).astype(np.int32)
