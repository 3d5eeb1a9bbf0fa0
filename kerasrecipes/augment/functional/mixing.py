"""Images mixed with other images of the batch, and rectangles."""

from typing import Any

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment.functional.color import restore_dtype


def mix_up(images: Any, labels: Any, share: Any) -> Any:
    """Return `share · image + (1 - share) · other` of images and labels.

    The other image is the one before in the batch, for the first the last.

    Args:
        images: (N, H, W, C).
        labels: (N, classes), one-hot or probabilities.
        share: (N,) in [0, 1], the weight of the image itself.
    """
    images, labels = tf.convert_to_tensor(images), tf.convert_to_tensor(labels)
    rows, weight = tf.reshape(images, [tf.shape(images)[0], -1]), share[:, None]
    # Two plain loops: rolled, XLA would ask at each value where it comes from, at twice the time.
    first = _blend(rows[:1], rows[-1:], weight[:1])
    mixed = tf.concat([first, _blend(rows[1:], rows[:-1], weight[1:])], axis=0)
    mixed = tf.ensure_shape(tf.reshape(mixed, tf.shape(images)), images.shape)
    return mixed, _mix_labels(labels, share)


def cut_mix(images: Any, labels: Any, top: Any, left: Any, height: Any, width: Any) -> Any:
    """Return images with a rectangle of the one before in the batch, and labels mixed by area.

    Args:
        images: (N, H, W, C).
        labels: (N, classes), one-hot or probabilities.
        top, left, height, width: (N,) integers, the rectangle, inside the image.
    """
    inside = rectangle_mask(images, top, left, height, width)
    pasted = tf.where(inside, tf.roll(images, 1, axis=0), images)
    area = tf.cast(height * width, tf.float32)
    whole = tf.cast(tf.shape(images)[1] * tf.shape(images)[2], tf.float32)
    return pasted, _mix_labels(tf.convert_to_tensor(labels), 1.0 - area / whole)


def rectangle_mask(images: Any, top: Any, left: Any, height: Any, width: Any) -> Any:
    """Return (N, H, W, 1) booleans, true inside the rectangle of each image."""
    rows, columns = tf.range(tf.shape(images)[1]), tf.range(tf.shape(images)[2])
    in_rows = (rows >= top[:, None]) & (rows < (top + height)[:, None])
    in_columns = (columns >= left[:, None]) & (columns < (left + width)[:, None])
    return (in_rows[:, :, None] & in_columns[:, None, :])[..., None]


def _blend(values, others, weight):
    mixed = weight * tf.cast(values, tf.float32) + (1.0 - weight) * tf.cast(others, tf.float32)
    return restore_dtype(mixed, values.dtype)


def _mix_labels(labels, share):
    weight = tf.cast(share, labels.dtype)[:, None]
    return weight * labels + (1 - weight) * tf.roll(labels, 1, axis=0)
