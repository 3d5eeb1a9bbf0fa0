"""Sums over the replicas of a data-parallel run, on each backend."""

import keras


def sum_over_replicas(tensor):
    """Return the sum of `tensor` over all replicas; its gradient is summed too.

    TensorFlow: the replicas of the current `tf.distribute` strategy. PyTorch: the processes of
    the default group, once it is initialised. JAX: the tensor itself, because arrays there are
    global and a sum over the batch already is one over all devices.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _sum_in_tensorflow(tensor)
    if backend == "torch":
        return _sum_in_torch(tensor)
    return tensor


def _sum_in_tensorflow(tensor):
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return tensor
    return context.all_reduce(tf.distribute.ReduceOp.SUM, tensor)


def _sum_in_torch(tensor):
    import torch.distributed

    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return tensor
    import torch.distributed.nn.functional

    return torch.distributed.nn.functional.all_reduce(tensor)
