"""Images mixed with other images of the batch, and rectangles."""

from typing import Any

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment.functional.color import restore_dtype


def mix_up(images: Any, labels: Any, weight: Any) -> Any:
    """Return `weight · image + (1 - weight) · other` of images and labels.

    The other image is the one before in the batch, for the first the last.

    Args:
        images: (N, H, W, C).
        labels: (N, classes), one-hot or probabilities.
        weight: (N,) in [0, 1], the weight of the image itself.

    Returns:
        Tensors (images, labels), of the shapes that were given; images of integers are rounded.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> images = np.array([0.0, 100.0], "float32").reshape(2, 1, 1, 1)
    >>> weight = np.array([0.75, 0.75], "float32")
    >>> mixed, labels = functional.mix_up(images, np.eye(2, dtype="float32"), weight)
    >>> mixed.numpy().ravel(), labels.numpy().tolist()
    (array([25., 75.], dtype=float32), [[0.75, 0.25], [0.25, 0.75]])

    Reference: Zhang et al., 2017, https://arxiv.org/abs/1710.09412.
    """
    images, labels = tf.convert_to_tensor(images), tf.convert_to_tensor(labels)
    rows, of_row = tf.reshape(images, [tf.shape(images)[0], -1]), weight[:, None]
    # Two plain loops: rolled, XLA would ask at each value where it comes from, at twice the time.
    first = _blend(rows[:1], rows[-1:], of_row[:1])
    mixed = tf.concat([first, _blend(rows[1:], rows[:-1], of_row[1:])], axis=0)
    mixed = tf.ensure_shape(tf.reshape(mixed, tf.shape(images)), images.shape)
    return mixed, _mix_labels(labels, weight)


def cut_mix(images: Any, labels: Any, top: Any, left: Any, height: Any, width: Any) -> Any:
    """Return images with a rectangle of the one before in the batch, and labels mixed by area.

    Args:
        images: (N, H, W, C).
        labels: (N, classes), one-hot or probabilities.
        top, left, height, width: (N,) integers, the rectangle, inside the image.

    Returns:
        Tensors (images, labels), of the shapes that were given.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> images = np.array([0, 9], "uint8").reshape(2, 1, 1, 1) * np.ones((1, 2, 2, 1), "uint8")
    >>> rectangle = [np.int32([value, value]) for value in (0, 1, 2, 1)]
    >>> mixed, labels = functional.cut_mix(images, np.eye(2, dtype="float32"), *rectangle)
    >>> mixed.numpy()[0, ..., 0].tolist(), labels.numpy().tolist()
    ([[0, 9], [0, 9]], [[0.5, 0.5], [0.5, 0.5]])

    Reference: Yun et al., 2019, https://arxiv.org/abs/1905.04899.
    """
    inside = rectangle_mask(images, top, left, height, width)
    pasted = tf.where(inside, tf.roll(images, 1, axis=0), images)
    area = tf.cast(height * width, tf.float32)
    whole = tf.cast(tf.shape(images)[1] * tf.shape(images)[2], tf.float32)
    return pasted, _mix_labels(tf.convert_to_tensor(labels), 1.0 - area / whole)


def rectangle_mask(images: Any, top: Any, left: Any, height: Any, width: Any) -> Any:
    """Return (N, H, W, 1) booleans, true inside the rectangle of each image.

    Args:
        images: tensor (N, H, W, C), for its shape.
        top, left, height, width: integer tensors (N,), the rectangle.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.augment import functional
    >>> rectangle = [np.int32([value]) for value in (0, 1, 2, 1)]
    >>> mask = functional.rectangle_mask(np.zeros((1, 2, 3, 1)), *rectangle)
    >>> mask.numpy()[0, ..., 0].astype(int)
    array([[0, 1, 0],
           [0, 1, 0]])
    """
    rows, columns = tf.range(tf.shape(images)[1]), tf.range(tf.shape(images)[2])
    in_rows = (rows >= top[:, None]) & (rows < (top + height)[:, None])
    in_columns = (columns >= left[:, None]) & (columns < (left + width)[:, None])
    return (in_rows[:, :, None] & in_columns[:, None, :])[..., None]


def _blend(values, others, weight):
    mixed = weight * tf.cast(values, tf.float32) + (1.0 - weight) * tf.cast(others, tf.float32)
    return restore_dtype(mixed, values.dtype)


def _mix_labels(labels, weight):
    weight = tf.cast(weight, labels.dtype)[:, None]
    return weight * labels + (1 - weight) * tf.roll(labels, 1, axis=0)
