"""The window of a resized image, computed from no more of the source than it needs."""

import tensorflow as tf

from kerasrecipes.augment import decode, functional

_MARGIN = 4  # source pixels that a JPEG decoder needs around a window to get its border right
_RATIOS = (1, 2, 4, 8)  # at which a JPEG can be decoded


def resample(image, scaled, offset, size, exact):
    """Return the `size` window at `offset` of `image` resized to `scaled`, float32.

    Unless `exact`, the window is moved to whole pixels of the source and sampled without
    antialiasing, as long as the change of scale is between 1/2 and 2.
    """
    source = tf.unstack(tf.shape(image)[:2])
    if exact:
        return functional.resize_crop(image, scaled, offset, size)
    top, left, height, width = whole_pixels(source, scaled, offset, size)

    def sample():
        return functional.resize_window(image[top : top + height, left : left + width], size)

    return tf.cond(
        is_mild(source, scaled),
        sample,
        lambda: functional.resize_crop(image, scaled, offset, size),
    )


def resample_jpeg(data, scaled, offset, size, exact, channels):
    """Return what `resample` returns for the decoded image, decoding only a window of it."""
    source = decode.jpeg_size(data)
    if exact:
        return _exact_jpeg(data, source, scaled, offset, size, channels)

    def at_ratio(ratio):
        reduced = [(side + ratio - 1) // ratio for side in source]
        window = whole_pixels(reduced, scaled, offset, size)
        return functional.resize_window(decode.jpeg_window(data, *window, channels, ratio), size)

    shrink = tf.minimum(source[0] // scaled[0], source[1] // scaled[1])
    return _by_shrink(
        shrink,
        is_mild(source, scaled),
        at_ratio,
        lambda: _exact_jpeg(data, source, scaled, offset, size, channels),
    )


def resample_source(image, window, size, exact):
    """Return the (top, left, height, width) `window` of `image` resized to `size`, float32."""
    top, left, height, width = window
    part = image[top : top + height, left : left + width]
    smooth = lambda: functional.resize(part, *size)  # noqa: E731
    if exact:
        return smooth()
    mild = is_mild((height, width), size)
    return tf.cond(mild, lambda: functional.resize_window(part, size), smooth)


def resample_source_jpeg(data, window, size, exact, channels):
    """Return what `resample_source` returns for the decoded image, decoding only the window."""
    source = decode.jpeg_size(data)

    def smooth():
        start = [tf.maximum(first - _MARGIN, 0) for first in window[:2]]
        end = [
            tf.minimum(first + extent + _MARGIN, side)
            for first, extent, side in zip(window[:2], window[2:], source)
        ]
        extent = [last - first for first, last in zip(start, end)]
        image = decode.jpeg_window(data, *start, *extent, channels)
        inner = [first - outer for first, outer in zip(window[:2], start)]
        return resample_source(image, (*inner, *window[2:]), size, exact=True)

    def at_ratio(ratio):
        reduced = [(side + ratio - 1) // ratio for side in source]
        extent = [tf.maximum(side // ratio, 1) for side in window[2:]]
        start = [
            tf.minimum(first // ratio, side - length)
            for first, side, length in zip(window[:2], reduced, extent)
        ]
        image = decode.jpeg_window(data, *start, *extent, channels, ratio)
        return functional.resize_window(image, size)

    if exact:
        return smooth()
    shrink = tf.minimum(window[2] // size[0], window[3] // size[1])
    return _by_shrink(shrink, is_mild(window[2:], size), at_ratio, smooth)


def _by_shrink(shrink, mild, at_ratio, smooth):
    branches = [lambda ratio=ratio: at_ratio(ratio) for ratio in _RATIOS]
    mild |= (shrink >= 2) & (shrink < 2 * _RATIOS[-1])
    halvings = tf.reduce_sum(tf.cast(shrink >= _RATIOS[1:], tf.int32))
    return tf.switch_case(tf.where(mild, halvings, len(_RATIOS)), [*branches, smooth])


def whole_pixels(source, scaled, offset, size):
    """Return (top, left, height, width) of the window in whole pixels of the source."""
    corner, extent = [], []
    for side, side_scaled, start, length in zip(source, scaled, offset, size):
        factor = tf.cast(side, tf.float32) / tf.cast(side_scaled, tf.float32)
        covered = tf.cast(tf.round(tf.cast(length, tf.float32) * factor), tf.int32)
        covered = tf.clip_by_value(covered, 1, side)
        first = tf.cast(tf.round(tf.cast(start, tf.float32) * factor), tf.int32)
        corner.append(tf.minimum(first, side - covered))
        extent.append(covered)
    return (*corner, *extent)


def is_mild(source, scaled):
    """Say whether a side shrinks at most to a half and grows at most to the double."""
    return tf.reduce_all(
        [(2 * after >= side) & (after <= 2 * side) for side, after in zip(source, scaled)]
    )


def _exact_jpeg(data, source, scaled, offset, size, channels):
    corner, extent, shift = [], [], []
    for side, side_scaled, start, length in zip(source, scaled, offset, size):
        factor = tf.cast(side, tf.float32) / tf.cast(side_scaled, tf.float32)
        reach = tf.maximum(factor, 1.0) + _MARGIN
        start = tf.cast(start, tf.float32)
        first = tf.cast(tf.floor(start * factor - reach), tf.int32)
        last = tf.cast(tf.math.ceil((start + length) * factor + reach), tf.int32)
        first, last = tf.maximum(first, 0), tf.minimum(last, side)
        corner.append(first)
        extent.append(last - first)
        shift.append(start - tf.cast(first, tf.float32) / factor)
    image = decode.jpeg_window(data, *corner, *extent, channels)
    return functional.resize_crop(image, scaled, shift, size, source_size=source)
