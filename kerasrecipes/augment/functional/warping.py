"""Affine maps and a lens, in one bilinear resampling."""

from typing import Any

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment.formula_ops import formula_ops
from kerasrecipes.augment.functional.crops import image_size


def affine_matrix(rotation: Any, stretch_x: Any, stretch_y: Any, shear: Any) -> Any:
    """Return the (..., 2, 2) matrix from output to input offsets, in the order (x, y).

    The image is stretched, then sheared along x, then rotated counterclockwise; the matrix is the
    inverse of that.

    Args:
        rotation: float tensor (...,), radians.
        stretch_x, stretch_y: float tensors (...,) > 0, factors; 2 doubles the width, or the height.
        shear: float tensor (...,), radians; x moves by tan(shear) · y.

    Example:

    >>> from kerasrecipes.augment import functional
    >>> functional.affine_matrix(0.0, 2.0, 1.0, 0.0).numpy()  # twice as wide: half the offset in x
    array([[ 0.5, -0. ],
           [ 0. ,  1. ]], dtype=float32)

    Reference: Simard, Steinkraus & Platt, 2003, Best practices for convolutional neural networks.
    """
    on = formula_ops(rotation)
    cosine, sine, slope = on.cos(rotation), on.sin(rotation), on.tan(shear)
    first_row = [(cosine - slope * sine) / stretch_x, (-slope * cosine - sine) / stretch_x]
    second_row = [sine / stretch_y, cosine / stretch_y]
    return on.stack([on.stack(first_row, -1), on.stack(second_row, -1)], -2)


def warp(images: Any, matrix: Any, shift: Any, lens: Any, fill: float = 0.0) -> Any:
    """Return `images` (N, H, W, C) as float32, resampled once, bilinearly.

    The output pixel at offset p from the centre shows the input at offset q·(1 + lens·|q|²/R²),
    q = matrix·(p - shift), R half the diagonal. Outside there is `fill`, blended into the border
    over a pixel.

    Args:
        images: (N, H, W, C).
        matrix: (N, 2, 2), from output to input offsets, (x, y).
        shift: (N, 2), pixels to the right and down.
        lens: (N,), positive draws the border in (barrel), negative out (pincushion).
        fill: float, the value outside. Defaults to 0.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> image = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1)
    >>> shift = np.array([[1.0, 0.0]], "float32")  # one pixel to the right
    >>> same = np.eye(2, dtype="float32")[None]
    >>> functional.warp(image, same, shift, np.zeros(1, "float32")).numpy().ravel()
    array([0., 1., 2.], dtype=float32)
    """
    on, (height, width) = formula_ops(images), image_size(images)
    numbers = (on.cast(on.convert_to_tensor(one), "float32") for one in (matrix, shift, lens))
    x, y = _source(on, *numbers, height, width)
    values = on.pad(on.cast(images, "float32"), _BORDER, constant_values=fill)
    return _bilinear(values, x + 1.0, y + 1.0, height, width)


_BORDER = [[0, 0], [1, 1], [1, 1], [0, 0]]


def _source(on, matrix, shift, lens, height, width):
    columns, rows = (on.cast(on.arange(side), "float32") for side in (width, height))
    height, width = on.cast(height, "float32"), on.cast(width, "float32")
    right = columns[None, None, :] - (width - 1) / 2 - shift[:, 0, None, None]
    down = rows[None, :, None] - (height - 1) / 2 - shift[:, 1, None, None]
    entry = matrix[:, :, :, None, None]
    x = entry[:, 0, 0] * right + entry[:, 0, 1] * down
    y = entry[:, 1, 0] * right + entry[:, 1, 1] * down
    radius = (height**2 + width**2) / 4
    bend = 1.0 + lens[:, None, None] * (x**2 + y**2) / radius
    return x * bend + (width - 1) / 2, y * bend + (height - 1) / 2


def _bilinear(values, x, y, height, width):
    on, channels = formula_ops(values), values.shape[-1]
    x = on.clip(x, 0.0, on.cast(width + 1, "float32"))
    y = on.clip(y, 0.0, on.cast(height + 1, "float32"))
    left = on.minimum(on.cast(x, "int32"), width)
    top = on.minimum(on.cast(y, "int32"), height)
    flat = on.reshape(values, (-1, (height + 2) * (width + 2), channels))
    start = on.reshape(top * (width + 2) + left, (-1, height * width, 1))
    corner = lambda step: on.take_along_axis(flat, start + step, axis=1)  # noqa: E731
    across = on.reshape(x - on.cast(left, "float32"), (-1, height * width, 1))
    along = on.reshape(y - on.cast(top, "float32"), (-1, height * width, 1))
    upper = corner(0) * (1 - across) + corner(1) * across
    lower = corner(width + 2) * (1 - across) + corner(width + 3) * across
    mixed = upper * (1 - along) + lower * along
    return on.reshape(mixed, (-1, height, width, channels))


def warp_affine(image: Any, matrix: Any, shift: Any) -> Any:
    """Return one `image` (H, W, C) as float32, resampled bilinearly, zeros outside.

    The same map as `warp` without lens, by TensorFlow's own kernel: faster outside XLA.

    Args:
        image: (H, W, C).
        matrix: 2x2 from output to input offsets, (x, y).
        shift: (x, y), pixels to the right and down.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> image = np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1)
    >>> functional.warp_affine(image, np.eye(2, dtype="float32"), (1.0, 0.0)).numpy().ravel()
    array([0., 1., 2.], dtype=float32)
    """
    center_y, center_x = tf.unstack((tf.cast(tf.shape(image)[:2], tf.float32) - 1) / 2)
    (a, b), (c, d) = matrix
    out_x, out_y = center_x + shift[0], center_y + shift[1]
    transform = tf.stack(
        [
            *(a, b, center_x - a * out_x - b * out_y),
            *(c, d, center_y - c * out_x - d * out_y),
            *(0.0, 0.0),
        ]
    )
    warped = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(image, tf.float32)[None],
        transforms=transform[None],
        output_shape=tf.shape(image)[:2],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )[0]
    return tf.ensure_shape(warped, image.shape)
