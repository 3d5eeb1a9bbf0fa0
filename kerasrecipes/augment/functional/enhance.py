"""The operations of RandAugment that are not colour or warp, as Pillow defines them."""

from typing import Any

from kerasrecipes.augment.formula_ops import formula_ops
from kerasrecipes.augment.functional.color import per_image, restore_dtype
from kerasrecipes.augment.functional.value_tables import equalized, look_up, places, stretched


def solarize(image: Any, threshold: Any) -> Any:
    """Return `image` with the values at `threshold` and above inverted, 255 - value.

    Args:
        image: tensor (..., H, W, C), values from 0 to 255.
        threshold: int in [0, 256], a number or one an image (...,); 256 changes nothing.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> functional.solarize(np.array([[[0], [127], [128], [250]]], "uint8"), 128).numpy().ravel()
    array([  0, 127, 127,   5], dtype=uint8)
    """
    return formula_ops(image).where(image < per_image(threshold, image), image, 255 - image)


def posterize(image: Any, bits: Any) -> Any:
    """Return uint8 `image` with all but the highest `bits` of each value cleared.

    Args:
        image: uint8 tensor (..., H, W, C).
        bits: int in [0, 8], a number or one an image (...,); 8 changes nothing.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> functional.posterize(np.array([[[0], [127], [128], [255]]], "uint8"), 2).numpy().ravel()
    array([  0,  64, 128, 192], dtype=uint8)
    """
    on = formula_ops(image)
    values = on.cast(image, "int32")
    unit = 2 ** (8 - per_image(bits, values))
    return on.cast(values // unit * unit, "uint8")


def auto_contrast(image: Any) -> Any:
    """Return uint8 `image` with each channel stretched to 0..255, and truncated.

    Args:
        image: uint8 tensor (H, W, C), or a batch (N, H, W, C).

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> functional.auto_contrast(np.array([[[50], [100], [150]]], "uint8")).numpy().ravel()
    array([  0, 127, 255], dtype=uint8)
    """
    on = formula_ops(image)
    values = on.cast(image, "int32")
    low, high = on.min(values, axis=[-3, -2]), on.max(values, axis=[-3, -2])
    return look_up(stretched(low, high), places(image))


def equalize(image: Any) -> Any:
    """Return uint8 `image` with the histogram of each channel made flat.

    Args:
        image: uint8 tensor (H, W, C), or a batch (N, H, W, C).

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> functional.equalize(np.array([[[50], [51], [52], [53]]] * 256, "uint8")).numpy()[0].ravel()
    array([  0,  85, 171, 255], dtype=uint8)
    """
    where, entries = places(image), 256 * image.shape[-1]
    if len(image.shape) == 4:
        entries = entries * formula_ops(image).shape(image)[0]
    return look_up(equalized(where, entries), where)


def sharpen(image: Any, factor: Any) -> Any:
    """Return `smooth + factor · (image - smooth)`, clipped; the border stays as it is.

    `smooth` is the 3x3 mean with the centre weighted 5 of 13, rounded, as in Pillow.

    Args:
        image: tensor (..., H, W, C), values from 0 to 255.
        factor: float >= 0, a number or one an image (...,): 1 changes nothing, 0 is `smooth`.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> image = np.array([[0, 0, 0], [0, 130, 0], [0, 0, 0]], "uint8")[..., None]
    >>> functional.sharpen(image, 0.0).numpy()[..., 0]
    array([[ 0,  0,  0],
           [ 0, 50,  0],
           [ 0,  0,  0]], dtype=uint8)
    """
    on = formula_ops(image)
    values = on.cast(image, "float32")
    rows = values[..., :-2, :, :] + values[..., 1:-1, :, :] + values[..., 2:, :, :]
    total = rows[..., :-2, :] + rows[..., 1:-1, :] + rows[..., 2:, :]
    smooth = on.round((total + 4.0 * values[..., 1:-1, 1:-1, :]) / 13.0)
    margin = [[0, 0]] * (len(image.shape) - 3) + [[1, 1], [1, 1], [0, 0]]
    inside = on.pad(on.ones_like(smooth), margin)
    smooth = on.where(inside > 0, on.pad(smooth, margin), values)
    sharpened = on.clip(smooth + per_image(factor, values) * (values - smooth), 0.0, 255.0)
    return restore_dtype(sharpened, image.dtype)
