"""Affine maps and a lens, in one bilinear resampling."""

from typing import Any

from kerasrecipes._backend.tensorflow_module import tf


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
    cosine, sine, slope = tf.cos(rotation), tf.sin(rotation), tf.tan(shear)
    first_row = [(cosine - slope * sine) / stretch_x, (-slope * cosine - sine) / stretch_x]
    second_row = [sine / stretch_y, cosine / stretch_y]
    return tf.stack([tf.stack(first_row, -1), tf.stack(second_row, -1)], -2)


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
    height, width = tf.shape(images)[1], tf.shape(images)[2]
    x, y = _source(matrix, shift, lens, tf.cast(height, tf.float32), tf.cast(width, tf.float32))
    values = tf.pad(tf.cast(images, tf.float32), _BORDER, constant_values=fill)
    return _bilinear(values, x + 1.0, y + 1.0, height, width)


_BORDER = [[0, 0], [1, 1], [1, 1], [0, 0]]


def _source(matrix, shift, lens, height, width):
    right = tf.range(width)[None, None, :] - (width - 1) / 2 - shift[:, 0, None, None]
    down = tf.range(height)[None, :, None] - (height - 1) / 2 - shift[:, 1, None, None]
    entry = matrix[:, :, :, None, None]
    x = entry[:, 0, 0] * right + entry[:, 0, 1] * down
    y = entry[:, 1, 0] * right + entry[:, 1, 1] * down
    radius = (height**2 + width**2) / 4
    bend = 1.0 + lens[:, None, None] * (x**2 + y**2) / radius
    return x * bend + (width - 1) / 2, y * bend + (height - 1) / 2


def _bilinear(values, x, y, height, width):
    x = tf.clip_by_value(x, 0.0, tf.cast(width + 1, tf.float32))
    y = tf.clip_by_value(y, 0.0, tf.cast(height + 1, tf.float32))
    left = tf.minimum(tf.cast(x, tf.int32), width)
    top = tf.minimum(tf.cast(y, tf.int32), height)
    channels = values.shape[-1]
    flat = tf.reshape(values, [tf.shape(values)[0], -1, channels])
    start = tf.reshape(top * (width + 2) + left, [tf.shape(values)[0], -1])
    corner = lambda step: tf.gather(flat, start + step, batch_dims=1)  # noqa: E731
    shape = [tf.shape(values)[0], height * width, 1]
    across = tf.reshape(x - tf.cast(left, tf.float32), shape)
    along = tf.reshape(y - tf.cast(top, tf.float32), shape)
    upper = corner(0) * (1 - across) + corner(1) * across
    lower = corner(width + 2) * (1 - across) + corner(width + 3) * across
    mixed = upper * (1 - along) + lower * along
    return tf.reshape(mixed, [-1, height, width, channels])


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
