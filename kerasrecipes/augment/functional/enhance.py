"""The operations of RandAugment that are not colour or warp, as Pillow defines them."""

from typing import Any

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment.functional.color import restore_dtype


def solarize(image: Any, threshold: Any) -> Any:
    """Return `image` with the values at `threshold` and above inverted, 255 - value."""
    return tf.where(image < tf.cast(threshold, image.dtype), image, 255 - image)


def posterize(image: Any, bits: Any) -> Any:
    """Return uint8 `image` with all but the highest `bits` of each value cleared."""
    unit = tf.cast(2 ** (8 - bits), tf.int32)
    return tf.cast(tf.cast(image, tf.int32) // unit * unit, tf.uint8)


def auto_contrast(image: Any) -> Any:
    """Return uint8 `image` (H, W, C) with each channel stretched to 0..255, and truncated."""
    values = tf.cast(image, tf.float64)
    low = tf.reduce_min(values, axis=[0, 1])
    high = tf.reduce_max(values, axis=[0, 1])
    scale = 255.0 / tf.maximum(high - low, 1.0)
    stretched = tf.clip_by_value(values * scale - low * scale, 0.0, 255.0)
    return tf.cast(tf.where(high > low, stretched, values), tf.uint8)


def equalize(image: Any) -> Any:
    """Return uint8 `image` (H, W, C) with the histogram of each channel made flat."""
    channels = tf.unstack(tf.cast(image, tf.int32), axis=-1)
    return tf.stack([_equalize_channel(channel) for channel in channels], axis=-1)


def sharpen(image: Any, factor: Any) -> Any:
    """Return `smooth + factor · (image - smooth)`, clipped; the border stays as it is.

    `smooth` is the 3x3 mean with the centre weighted 5 of 13, rounded, as in Pillow.
    """
    values = tf.cast(image, tf.float32)
    channels = image.shape[-1]
    weights = tf.constant([[1.0, 1.0, 1.0], [1.0, 5.0, 1.0], [1.0, 1.0, 1.0]]) / 13.0
    kernel = tf.tile(weights[:, :, None, None], [1, 1, channels, 1])
    smooth = tf.nn.depthwise_conv2d(values[None], kernel, [1, 1, 1, 1], "VALID")[0]
    border = tf.pad(tf.ones_like(smooth, tf.bool), [[1, 1], [1, 1], [0, 0]])
    smooth = tf.where(border, tf.pad(tf.round(smooth), [[1, 1], [1, 1], [0, 0]]), values)
    sharpened = tf.clip_by_value(smooth + factor * (values - smooth), 0.0, 255.0)
    return restore_dtype(sharpened, image.dtype)


def _equalize_channel(channel):
    counts = tf.math.bincount(tf.reshape(channel, [-1]), minlength=256, maxlength=256)
    last = counts[tf.reduce_max(channel)]
    step = (tf.reduce_sum(counts) - last) // 255
    before = tf.cumsum(counts, exclusive=True)
    table = tf.clip_by_value((before + step // 2) // tf.maximum(step, 1), 0, 255)
    table = tf.where(step == 0, tf.range(256), table)
    return tf.cast(tf.gather(table, channel), tf.uint8)
