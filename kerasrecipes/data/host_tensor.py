"""Tensors in host memory, which `tf.data` captures without a copy."""

from kerasrecipes._backend.tensorflow_module import tf


def host_tensor(values):
    """A tensor in host memory, which functions capture by reference: never a graph constant.

    A constant of a graph is copied with the graph and may not exceed 2 GB.
    """
    with tf.init_scope(), tf.device("CPU:0"):
        return tf.convert_to_tensor(values)
