"""The window of a resized image, computed from no more of the source than it needs.

Positions and sizes are pairs (vertical, horizontal) of int32.
"""

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment import decode, functional
from kerasrecipes.augment.rare_branch import rare_branch

_MARGIN = 4  # source pixels that a JPEG decoder needs around a window to get its border right
_RATIOS = (2, 4, 8)  # besides 1, at which a JPEG can be decoded


def resample(image, scaled, offset, size, exact):
    """Return the `size` window at `offset` of `image` resized to `scaled`, float32.

    Unless `exact`, the window is moved to whole pixels of the source and sampled without
    antialiasing, as long as the change of scale is between 1/2 and 2.
    """
    source = tf.shape(image)[:2]
    smooth = lambda: functional.resize_crop(image, scaled, offset, size)  # noqa: E731
    if exact:
        return smooth()
    window = whole_pixels(source, scaled, offset, size)
    return tf.cond(
        is_mild(source, scaled),
        lambda: functional.resize_window(_part(image, *window), size),
        lambda: rare_branch(smooth),
    )


def resample_jpeg(data, scaled, offset, size, exact, channels):
    """Return what `resample` returns for the decoded image, decoding only a window of it."""
    source = decode.jpeg_size(data)
    smooth = lambda: _exact_jpeg(data, source, scaled, offset, size, channels)  # noqa: E731
    if exact:
        return smooth()

    def at_ratio(ratio):
        window = whole_pixels(_reduced(source, ratio), scaled, offset, size)
        return functional.resize_window(decode.jpeg_window(data, *window, channels, ratio), size)

    return _by_shrink(source, scaled, at_ratio, smooth)


def resample_source(image, corner, extent, size, exact):
    """Return the part of `image` at `corner`, `extent` large, resized to `size`, float32."""
    part = _part(image, corner, extent)
    smooth = lambda: functional.resize(part, *size)  # noqa: E731
    if exact:
        return smooth()
    return tf.cond(
        is_mild(extent, size),
        lambda: functional.resize_window(part, size),
        lambda: rare_branch(smooth),
    )


def resample_source_jpeg(data, corner, extent, size, exact, channels):
    """Return what `resample_source` returns for the decoded image, decoding only the window."""
    source = decode.jpeg_size(data)

    def smooth():
        first = tf.maximum(corner - _MARGIN, 0)
        last = tf.minimum(corner + extent + _MARGIN, source)
        image = decode.jpeg_window(data, first, last - first, channels)
        return resample_source(image, corner - first, extent, size, exact=True)

    def at_ratio(ratio):
        part = tf.maximum(extent // ratio, 1)
        start = tf.minimum(corner // ratio, _reduced(source, ratio) - part)
        return functional.resize_window(
            decode.jpeg_window(data, start, part, channels, ratio), size
        )

    return smooth() if exact else _by_shrink(extent, size, at_ratio, smooth)


def _by_shrink(before, after, at_ratio, smooth):
    """Decode at full size; at 1/2, 1/4 or 1/8 where that leaves as many pixels as are wanted."""
    shrink = tf.reduce_min(before // after)

    def strong():
        branches = [lambda ratio=ratio: at_ratio(ratio) for ratio in _RATIOS]
        inside = (shrink >= _RATIOS[0]) & (shrink < 2 * _RATIOS[-1])
        halvings = tf.reduce_sum(tf.cast(shrink >= _RATIOS[1:], tf.int32))
        return tf.switch_case(tf.where(inside, halvings, len(_RATIOS)), [*branches, smooth])

    plain = is_mild(before, after) & (shrink < _RATIOS[0])
    return tf.cond(plain, lambda: at_ratio(1), lambda: rare_branch(strong))


def whole_pixels(source, scaled, offset, size):
    """Return corner and extent of the window in whole pixels of the source."""
    factor = tf.cast(source, tf.float32) / tf.cast(scaled, tf.float32)
    extent = tf.cast(tf.round(tf.cast(size, tf.float32) * factor), tf.int32)
    extent = tf.minimum(tf.maximum(extent, 1), source)
    corner = tf.cast(tf.round(tf.cast(offset, tf.float32) * factor), tf.int32)
    return tf.minimum(corner, source - extent), extent


def is_mild(before, after):
    """Say whether a side shrinks at most to a half and grows at most to the double."""
    after = tf.convert_to_tensor(after)
    return tf.reduce_all((2 * after >= before) & (after <= 2 * before))


def _reduced(source, ratio):
    return source if ratio == 1 else (source + (ratio - 1)) // ratio


def _part(image, corner, extent):
    part = tf.slice(image, tf.pad(corner, [[0, 1]]), tf.concat([extent, [-1]], 0))
    part.set_shape([None, None, image.shape[-1]])
    return part


def _exact_jpeg(data, source, scaled, offset, size, channels):
    factor = tf.cast(source, tf.float32) / tf.cast(scaled, tf.float32)
    reach = tf.maximum(factor, 1.0) + _MARGIN
    start, extent = tf.cast(offset, tf.float32), tf.cast(size, tf.float32)
    first = tf.maximum(tf.cast(tf.floor(start * factor - reach), tf.int32), 0)
    last = tf.cast(tf.math.ceil((start + extent) * factor + reach), tf.int32)
    image = decode.jpeg_window(data, first, tf.minimum(last, source) - first, channels)
    shift = start - tf.cast(first, tf.float32) / factor
    return functional.resize_crop(image, scaled, shift, size, source_size=source)
