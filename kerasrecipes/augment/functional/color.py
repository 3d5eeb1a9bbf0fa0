"""Colour: brightness, contrast, saturation, hue, and the lighting of PCA."""

from typing import Any

from kerasrecipes._backend.tensorflow_module import tf

_LUMA = (0.299, 0.587, 0.114)


def adjust_brightness(images: Any, factor: Any) -> Any:
    """Return `factor · images` clipped to 0..255; `factor` is a number or one an image."""
    return _clip(images * _per_image(factor, images))


def adjust_contrast(images: Any, factor: Any) -> Any:
    """Return `mean + factor · (images - mean)` clipped, the mean that of an image's luma."""
    mean = tf.reduce_mean(to_grey(images), axis=[-3, -2, -1], keepdims=True)
    return _clip(mean + _per_image(factor, images) * (images - mean))


def adjust_saturation(images: Any, factor: Any) -> Any:
    """Return `luma + factor · (images - luma)` clipped, the luma that of each pixel."""
    grey = to_grey(images)
    return _clip(grey + _per_image(factor, images) * (images - grey))


def adjust_hue(images: Any, turns: Any) -> Any:
    """Return `images` (..., H, W, 3) with the hue angle of HSV moved by `turns` of the circle."""
    value = tf.reduce_max(images, axis=-1)
    chroma = value - tf.reduce_min(images, axis=-1)
    hue = _hue(images, value, chroma) + 6.0 * _per_image(turns, images)[..., 0]
    planes = []
    for start in (5.0, 3.0, 1.0):
        angle = tf.math.floormod(hue + start, 6.0)
        fraction = tf.clip_by_value(tf.minimum(angle, 4.0 - angle), 0.0, 1.0)
        planes.append(value - chroma * fraction)
    return tf.stack(planes, axis=-1)


def to_grey(images: Any) -> Any:
    """Return the luma 0.299 R + 0.587 G + 0.114 B, shape (..., H, W, 1); grey stays as it is."""
    if images.shape[-1] == 1:
        return images
    red, green, blue = (images[..., channel : channel + 1] for channel in range(3))
    return _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue


def lighting_offset(alpha: Any, eigenvalues: Any, eigenvectors: Any) -> Any:
    """Return `P · (alpha ∘ lambda)`, on the scale [0, 1] of the eigenvalues.

    Args:
        alpha: (..., C), a draw for each eigenvector.
        eigenvalues: (C,), of the covariance of the pixels.
        eigenvectors: (C, C), one in each COLUMN.

    Reference: Krizhevsky, Sutskever & Hinton (2012), section 4.1.
    """
    scaled = tf.convert_to_tensor(alpha) * eigenvalues
    return tf.linalg.matvec(tf.cast(eigenvectors, scaled.dtype), scaled)


def add_lighting(images: Any, offset: Any) -> Any:
    """Return `images + 255 · offset` clipped to 0..255, `offset` (..., C) a colour an image."""
    return _clip(images + 255.0 * offset[..., None, None, :])


def restore_dtype(images: Any, dtype: Any) -> Any:
    """Return float `images` in `dtype`: rounded and kept in range where that is an integer."""
    dtype = tf.as_dtype(dtype)
    if dtype.is_integer:
        images = tf.clip_by_value(tf.round(images), dtype.min, dtype.max)
    return tf.cast(images, dtype)


def _hue(images, value, chroma):
    red, green, blue = tf.unstack(images, axis=-1)
    safe = tf.where(chroma == 0, tf.ones_like(chroma), chroma)
    of_red = tf.math.floormod((green - blue) / safe, 6.0)
    of_green, of_blue = (blue - red) / safe + 2.0, (red - green) / safe + 4.0
    return tf.where(value == red, of_red, tf.where(value == green, of_green, of_blue))


def _per_image(factor, images):
    factor = tf.cast(factor, images.dtype)
    return factor[..., None, None, None] if factor.shape.rank else factor[None, None, None]


def _clip(images):
    return tf.clip_by_value(images, 0.0, 255.0)
