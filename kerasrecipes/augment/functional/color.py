"""Colour: brightness, contrast, saturation, hue, and the lighting of PCA."""

from typing import Any

import keras
import numpy as np

from kerasrecipes.augment.formula_ops import formula_ops

_LUMA = (0.299, 0.587, 0.114)


def adjust_brightness(images: Any, factor: Any) -> Any:
    """Return `factor · images` clipped to 0..255; `factor` is a number or one an image.

    Args:
        images: float tensor (..., H, W, C), values from 0 to 255.
        factor: float >= 0, a number or one an image (...,); 1 changes nothing.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> image = np.full((1, 2, 3), [[[60.0], [200.0]]], "float32")
    >>> functional.adjust_brightness(image, 1.5).numpy()[..., 0]
    array([[ 90., 255.]], dtype=float32)
    """
    return _clip(images * per_image(factor, images))


def adjust_contrast(images: Any, factor: Any) -> Any:
    """Return `mean + factor · (images - mean)` clipped, the mean that of an image's luma.

    Args:
        images: float tensor (..., H, W, C), values from 0 to 255.
        factor: float >= 0, a number or one an image (...,); 1 changes nothing.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> image = np.full((1, 2, 3), [[[60.0], [200.0]]], "float32")
    >>> functional.adjust_contrast(image, 0.5).numpy().round(2)[..., 0]
    array([[ 95., 165.]], dtype=float32)
    """
    luma = to_grey(images)
    mean = formula_ops(luma).mean(luma, axis=[-3, -2, -1], keepdims=True)
    return _clip(mean + per_image(factor, images) * (images - mean))


def adjust_saturation(images: Any, factor: Any) -> Any:
    """Return `luma + factor · (images - luma)` clipped, the luma that of each pixel.

    Args:
        images: float tensor (..., H, W, 3), values from 0 to 255.
        factor: float >= 0, a number or one an image (...,); 1 changes nothing.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> red = np.array([[[200.0, 0.0, 0.0]]], "float32")
    >>> functional.adjust_saturation(red, 0.0).numpy().round(2)
    array([[[59.8, 59.8, 59.8]]], dtype=float32)
    """
    grey = to_grey(images)
    return _clip(grey + per_image(factor, images) * (images - grey))


def adjust_hue(images: Any, turns: Any) -> Any:
    """Return `images` (..., H, W, 3) with the hue angle of HSV moved by `turns` of the circle.

    Args:
        images: float tensor (..., H, W, 3), values from 0 to 255.
        turns: float, fraction of the circle, a number or one an image (...,); 1/3 takes red to
            green.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> red = np.array([[[200.0, 0.0, 0.0]]], "float32")
    >>> functional.adjust_hue(red, 1 / 3).numpy().round(2)
    array([[[  0., 200.,   0.]]], dtype=float32)
    """
    on = formula_ops(images)
    value = on.max(images, axis=-1)
    chroma = value - on.min(images, axis=-1)
    hue = _hue(images, value, chroma) + 6.0 * per_image(turns, images)[..., 0]
    planes = []
    for start in (5.0, 3.0, 1.0):
        angle = on.mod(hue + start, 6.0)
        fraction = on.clip(on.minimum(angle, 4.0 - angle), 0.0, 1.0)
        planes.append(value - chroma * fraction)
    return on.stack(planes, axis=-1)


def to_grey(images: Any) -> Any:
    """Return the luma 0.299 R + 0.587 G + 0.114 B, shape (..., H, W, 1); grey stays as it is.

    Args:
        images: float tensor (..., H, W, 1 or 3).

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> functional.to_grey(np.array([[[200.0, 100.0, 0.0]]], "float32")).round(2)
    array([[[118.5]]], dtype=float32)
    """
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

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> vectors = np.eye(3, dtype="float32")
    >>> values = np.array([0.2, 0.02, 0.005], "float32")
    >>> functional.lighting_offset(np.ones(3, "float32"), values, vectors).numpy().round(4)
    array([0.2  , 0.02 , 0.005], dtype=float32)
    """
    on = formula_ops(alpha)
    scaled = on.convert_to_tensor(alpha)
    scaled = scaled * on.convert_to_tensor(eigenvalues, scaled.dtype)
    vectors = on.convert_to_tensor(eigenvectors, scaled.dtype)
    return on.sum(vectors * scaled[..., None, :], axis=-1)


def add_lighting(images: Any, offset: Any) -> Any:
    """Return `images + 255 · offset` clipped to 0..255, `offset` (..., C) a colour an image.

    Args:
        images: float tensor (..., H, W, C), values from 0 to 255.
        offset: float tensor (..., C), on the scale [0, 1], such as that of `lighting_offset`.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> image = np.full((1, 1, 3), 100.0, "float32")
    >>> functional.add_lighting(image, np.array([0.2, 0.02, 0.005], "float32")).numpy().round(2)
    array([[[151.  , 105.1 , 101.28]]], dtype=float32)

    Reference: Krizhevsky, Sutskever & Hinton, 2012, section 4.1.
    """
    return _clip(images + 255.0 * offset[..., None, None, :])


def restore_dtype(images: Any, dtype: Any) -> Any:
    """Return float `images` in `dtype`: rounded and kept in range where that is an integer.

    Args:
        images: float tensor.
        dtype: str or dtype of the result.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> functional.restore_dtype(np.array([-3.0, 1.6, 300.0]), "uint8").numpy()
    array([  0,   2, 255], dtype=uint8)
    """
    on, dtype = formula_ops(images), keras.backend.standardize_dtype(dtype)
    if "int" in dtype:
        limits = np.iinfo(dtype)
        images = on.clip(on.round(images), int(limits.min), int(limits.max))
    return on.cast(images, dtype)


def _hue(images, value, chroma):
    on = formula_ops(images)
    red, green, blue = (images[..., channel] for channel in range(3))
    safe = on.where(chroma == 0, on.ones_like(chroma), chroma)
    of_red = on.mod((green - blue) / safe, 6.0)
    of_green, of_blue = (blue - red) / safe + 2.0, (red - green) / safe + 4.0
    return on.where(value == red, of_red, on.where(value == green, of_green, of_blue))


def per_image(number, images):
    """Return a number, or one an image (...,), to multiply `images` (..., H, W, C) with."""
    on = formula_ops(images)
    return on.cast(on.convert_to_tensor(number), images.dtype)[..., None, None, None]


def _clip(images):
    return formula_ops(images).clip(images, 0.0, 255.0)
