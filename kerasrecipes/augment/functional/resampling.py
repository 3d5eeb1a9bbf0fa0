"""Bilinear resizing of an image or of a window of it."""

from typing import Any

from kerasrecipes._backend.tensorflow_module import tf


def resize(image: Any, height: Any, width: Any) -> Any:
    """Return `image` (H, W, C) resized, bilinear, as float32.

    Pixel centres are at half integers; when shrinking, the triangle is widened by the factor
    (antialiasing), as Pillow does. `uint8` images are not rounded again.

    Args:
        image: tensor (H, W, C).
        height, width: int, the new size.

    Example:

    >>> import tensorflow as tf
    >>> from kerasrecipes.augment import functional
    >>> functional.resize(tf.constant([[[0], [100], [100], [200]]], tf.uint8), 1, 2).numpy().ravel()
    array([ 57.14286, 142.85715], dtype=float32)
    """
    return resize_crop(image, (height, width), (0, 0), (height, width))


def resize_crop(
    image: Any,
    scaled_size: Any,
    offset: Any,
    size: Any,
    antialias: bool = True,
    source_size: Any = None,
) -> Any:
    """Return the `size` window at `offset` of `image` resized to `scaled_size`, as float32.

    Equal to resizing first and cropping then, but only the window is computed.

    Args:
        image: (H, W, C), or a batch (N, H, W, C).
        scaled_size: (height, width) to which the whole image is resized.
        offset: (top, left) of the window, in pixels of the resized image; fractions are allowed.
        size: (height, width) of the window.
        antialias: bool, whether to widen the triangle when shrinking. Defaults to `True`.
        source_size: (height, width) of the whole image if `image` is a part of it; then `offset`
            counts from that part. Defaults to `None`, `image` is the whole.

    Example:

    >>> import tensorflow as tf
    >>> from kerasrecipes.augment import functional
    >>> image = tf.reshape(tf.range(8.0), (1, 8, 1))
    >>> functional.resize_crop(image, (1, 16), (0, 4), (1, 4)).numpy().ravel()
    array([1.75, 2.25, 2.75, 3.25], dtype=float32)
    """
    source_size = tf.shape(image)[-3:-1] if source_size is None else source_size
    scale = tf.cast(scaled_size, tf.float32) / tf.cast(source_size, tf.float32)
    images = image if image.shape.rank == 4 else image[None]
    resized = tf.raw_ops.ScaleAndTranslate(
        images=images,
        size=tf.convert_to_tensor(size),
        scale=scale,
        translation=-tf.cast(offset, tf.float32),
        kernel_type="triangle",
        antialias=antialias,
    )
    resized.set_shape([images.shape[0], *map(_known, size), images.shape[-1]])
    return resized if image.shape.rank == 4 else resized[0]


def resize_window(image: Any, size: Any) -> Any:
    """Return `image` (H, W, C) resized bilinearly without antialiasing: fast, for little change.

    Args:
        image: tensor (H, W, C).
        size: pair of int, (height, width).

    Example:

    >>> import tensorflow as tf
    >>> from kerasrecipes.augment import functional
    >>> functional.resize_window(tf.constant([[[0], [100]]], tf.uint8), (1, 4)).numpy().ravel()
    array([  0.,  25.,  75., 100.], dtype=float32)
    """
    resized = tf.raw_ops.ResizeBilinear(
        images=tf.cast(image, tf.float32)[None],
        size=tf.convert_to_tensor(size),
        half_pixel_centers=True,
    )
    resized.set_shape([1, *map(_known, size), image.shape[-1]])
    return resized[0]


def _known(length):
    return None if tf.is_tensor(length) else length
