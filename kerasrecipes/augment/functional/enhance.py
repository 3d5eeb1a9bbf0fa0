"""The operations of RandAugment that are not colour or warp, as Pillow defines them."""

from typing import Any

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment.functional.color import restore_dtype


def solarize(image: Any, threshold: Any) -> Any:
    """Return `image` with the values at `threshold` and above inverted, 255 - value.

    Args:
        image: tensor (H, W, C), values from 0 to 255.
        threshold: int in [0, 256]; 256 changes nothing.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> functional.solarize(np.array([[[0], [127], [128], [250]]], "uint8"), 128).numpy().ravel()
    array([  0, 127, 127,   5], dtype=uint8)
    """
    return tf.where(image < tf.cast(threshold, image.dtype), image, 255 - image)


def posterize(image: Any, bits: Any) -> Any:
    """Return uint8 `image` with all but the highest `bits` of each value cleared.

    Args:
        image: uint8 tensor (H, W, C).
        bits: int in [0, 8]; 8 changes nothing.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> functional.posterize(np.array([[[0], [127], [128], [255]]], "uint8"), 2).numpy().ravel()
    array([  0,  64, 128, 192], dtype=uint8)
    """
    unit = tf.cast(2 ** (8 - bits), tf.int32)
    return tf.cast(tf.cast(image, tf.int32) // unit * unit, tf.uint8)


def auto_contrast(image: Any) -> Any:
    """Return uint8 `image` (H, W, C) with each channel stretched to 0..255, and truncated.

    Args:
        image: uint8 tensor (H, W, C).

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> functional.auto_contrast(np.array([[[50], [100], [150]]], "uint8")).numpy().ravel()
    array([  0, 127, 255], dtype=uint8)
    """
    values = tf.cast(image, tf.float64)
    low = tf.reduce_min(values, axis=[0, 1])
    high = tf.reduce_max(values, axis=[0, 1])
    scale = 255.0 / tf.maximum(high - low, 1.0)
    stretched = tf.clip_by_value(values * scale - low * scale, 0.0, 255.0)
    return tf.cast(tf.where(high > low, stretched, values), tf.uint8)


def equalize(image: Any) -> Any:
    """Return uint8 `image` (H, W, C) with the histogram of each channel made flat.

    Args:
        image: uint8 tensor (H, W, C).

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> functional.equalize(np.array([[[50], [51], [52], [53]]] * 256, "uint8")).numpy()[0].ravel()
    array([  0,  85, 171, 255], dtype=uint8)
    """
    channels = tf.unstack(tf.cast(image, tf.int32), axis=-1)
    return tf.stack([_equalize_channel(channel) for channel in channels], axis=-1)


def sharpen(image: Any, factor: Any) -> Any:
    """Return `smooth + factor · (image - smooth)`, clipped; the border stays as it is.

    `smooth` is the 3x3 mean with the centre weighted 5 of 13, rounded, as in Pillow.

    Args:
        image: tensor (H, W, C), values from 0 to 255.
        factor: float >= 0: 1 changes nothing, 0 is `smooth`.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> image = np.array([[0, 0, 0], [0, 130, 0], [0, 0, 0]], "uint8")[..., None]
    >>> functional.sharpen(image, 0.0).numpy()[..., 0]
    array([[ 0,  0,  0],
           [ 0, 50,  0],
           [ 0,  0,  0]], dtype=uint8)
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
