"""Mirror images and normalisation."""

import numpy as np
import tensorflow as tf


def flip(images, mirrored):
    """Return `images` (..., H, W, C) mirrored left to right where `mirrored` (...,) is true."""
    mirrored = tf.convert_to_tensor(mirrored)[..., None, None, None]
    return tf.where(mirrored, tf.reverse(images, axis=[-2]), images)


def normalize(images, mean, std):
    """Return `(images - mean) / std` as float32, `mean` and `std` numbers or one a channel."""
    scale = 1.0 / np.asarray(std, "float64")
    shift = -np.asarray(mean, "float64") * scale
    images = tf.cast(images, tf.float32)
    return images * tf.constant(scale, tf.float32) + tf.constant(shift, tf.float32)
