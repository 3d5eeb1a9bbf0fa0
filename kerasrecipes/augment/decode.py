"""From encoded bytes to pixels, whole or only the window that is needed.

JPEG is decoded with the accurate inverse transform: 2 % slower, and 84 instead of 43 dB from
the exact one. PNG, BMP, GIF (first frame) and WebP are decoded whole. EXIF rotation is not applied.
"""

import tensorflow as tf

from kerasrecipes.augment.rare_branch import rare_branch

_ACCURATE = "INTEGER_ACCURATE"


def is_encoded(image):
    """Say whether `image` is a string of bytes and not pixels."""
    return image.dtype == tf.string


def is_jpeg(data):
    """Return a boolean scalar: whether the bytes start as a JPEG does."""
    return tf.strings.substr(data, 0, 3) == b"\xff\xd8\xff"


def decode(data, channels=3):
    """Return the pixels of an encoded image, uint8, shape (H, W, channels)."""
    image = tf.cond(
        is_jpeg(data),
        lambda: tf.io.decode_jpeg(data, channels=channels, dct_method=_ACCURATE),
        lambda: rare_branch(lambda: decode_other(data, channels)),
    )
    image.set_shape([None, None, channels or None])
    return image


def decode_other(data, channels):
    """Return the pixels of an encoded image that is not a JPEG."""
    image = tf.io.decode_image(data, channels=channels, expand_animations=False)
    image.set_shape([None, None, channels or None])
    return image


def by_format(image, channels, from_jpeg, from_pixels):
    """Return `from_jpeg(bytes, channels)` of a JPEG, `from_pixels(pixels)` of all else."""
    image = tf.convert_to_tensor(image)
    if not is_encoded(image):
        return from_pixels(with_channels(image, channels))
    channels = channels or 3
    return tf.cond(
        is_jpeg(image),
        lambda: from_jpeg(image, channels),
        lambda: rare_branch(lambda: from_pixels(decode_other(image, channels))),
    )


def jpeg_size(data):
    """Return height and width of a JPEG from its header, int32 (2,)."""
    return tf.io.extract_jpeg_shape(data)[:2]


def jpeg_window(data, corner, extent, channels, ratio=1):
    """Return a window of a JPEG decoded at 1/ratio of its size, in pixels of that size."""
    window = tf.concat([corner, extent], 0)
    image = tf.image.decode_and_crop_jpeg(
        data, window, channels=channels, ratio=ratio, dct_method=_ACCURATE
    )
    image.set_shape([None, None, channels])
    return image


def with_channels(image, channels):
    """Return `image` (H, W, C) with 1 or 3 channels: grey is repeated, alpha dropped."""
    if image.shape.rank != 3:
        raise ValueError(
            "Argument `image` must be bytes or have shape (height, width, channels). Received: "
            f"shape={image.shape}"
        )
    present = image.shape[-1]
    if channels is None or present == channels:
        return image
    if present == 1 and channels == 3:
        return tf.image.grayscale_to_rgb(image)
    if present == 4:
        return with_channels(image[..., :3], channels)
    if present == 3 and channels == 1:
        return tf.image.rgb_to_grayscale(image)
    raise ValueError(
        f"Images with {present} channels cannot be given {channels}. Received: shape={image.shape}"
    )
