"""The operations that a formula is made of, so that it is written once for every backend."""

import functools
import types

import keras
from keras import ops

from kerasrecipes._backend.requirement import has_tensorflow
from kerasrecipes._backend.tensorflow_module import tf


def formula_ops(images):
    """Return the operations for `images`, by the names and arguments of `keras.ops`.

    `keras.ops` for tensors of a backend that is not TensorFlow; else TensorFlow's own, as
    `tf.data` needs, whichever backend Keras runs on. NumPy arrays become tensors of TensorFlow
    where that is installed. `take_along_axis` takes whole rows: the last side of the indices is 1.
    """
    if not has_tensorflow():
        return ops
    other = keras.backend.backend() != "tensorflow"
    return ops if other and ops.is_tensor(images) else _of_tensorflow()


@functools.cache
def _of_tensorflow():
    return types.SimpleNamespace(
        arange=tf.range,
        cast=tf.cast,
        clip=tf.clip_by_value,
        convert_to_tensor=tf.convert_to_tensor,
        cos=tf.cos,
        cumsum=tf.cumsum,
        exp=tf.exp,
        max=tf.reduce_max,
        maximum=tf.maximum,
        mean=tf.reduce_mean,
        min=tf.reduce_min,
        minimum=tf.minimum,
        mod=tf.math.floormod,
        ones_like=tf.ones_like,
        pad=tf.pad,
        reshape=tf.reshape,
        round=tf.round,
        searchsorted=tf.searchsorted,
        segment_sum=tf.math.unsorted_segment_sum,
        shape=tf.shape,
        sin=tf.sin,
        stack=tf.stack,
        sum=tf.reduce_sum,
        take=tf.gather,
        take_along_axis=lambda values, rows, axis: tf.gather(values, rows[..., 0], batch_dims=axis),
        tan=tf.tan,
        where=tf.where,
        zeros_like=tf.zeros_like,
    )
