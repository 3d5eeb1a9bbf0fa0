"""Random rectangles of a given area and shape."""

import math

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment import draws

_ATTEMPTS = 10


def draw_sides(seed, height, width, area, ratio):
    """Return (height, width, whether it fits) of the first of ten rectangles that fits.

    The area is uniform in `area` times the image's, width over height log-uniform in `ratio`;
    sides are rounded. `seed` is one or a batch; height and width are integers or scalars.
    """
    uniforms = draws.uniform(seed, 2 * _ATTEMPTS)
    whole = tf.cast(height, tf.float32) * tf.cast(width, tf.float32)
    target = whole * (area[0] + (area[1] - area[0]) * uniforms[..., :_ATTEMPTS])
    low, high = (math.log(bound) for bound in ratio)
    aspect = tf.exp(low + (high - low) * uniforms[..., _ATTEMPTS:])
    tall = tf.cast(tf.round(tf.sqrt(target / aspect)), tf.int32)
    wide = tf.cast(tf.round(tf.sqrt(target * aspect)), tf.int32)
    fits = (tall > 0) & (wide > 0) & (tall <= height) & (wide <= width)
    first = tf.one_hot(tf.argmax(tf.cast(fits, tf.int32), axis=-1), _ATTEMPTS, dtype=tf.int32)
    tall, wide = (tf.reduce_sum(first * sides, axis=-1) for sides in (tall, wide))
    return tall, wide, tf.reduce_any(fits, axis=-1)
