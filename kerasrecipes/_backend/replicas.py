"""The replicas of a data-parallel run: their numbers, sums over them, and what they share."""

import contextlib
import functools

import keras


def replica_number():
    """Return the 0-based number of the replica that calls, `None` if it is the only one.

    TensorFlow: an int or a tensor, in a step of a `tf.distribute` strategy. PyTorch: the rank of
    the process. JAX: `None`, because arrays there are global and have one set of draws.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        context = tf.distribute.get_replica_context()
        alone = context is None or context.num_replicas_in_sync == 1
        return None if alone else context.replica_id_in_sync_group
    if backend == "torch" and _is_one_of_several_processes():
        import torch.distributed

        return torch.distributed.get_rank()
    return None


def scope_of(model):
    """Return a context manager in which variables are made as those of the model are.

    What a step of a `tf.distribute` strategy reads or assigns must be mirrored, as the model is.
    """
    if keras.backend.backend() == "tensorflow":
        return model.distribute_strategy.scope()
    return contextlib.nullcontext()


def is_mirrored():
    """Return whether the caller makes layers in the scope of several devices of TensorFlow."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync > 1


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
    if not _is_one_of_several_processes():
        return tensor
    return _torch_sum().apply(tensor)


@functools.cache
def _torch_sum():
    """Return a function of autograd: PyTorch's public one is deprecated in favour of a private."""
    import torch.distributed

    class Sum(torch.autograd.Function):
        @staticmethod
        def forward(context, tensor):
            total = tensor.clone(memory_format=torch.contiguous_format)
            torch.distributed.all_reduce(total)
            return total

        @staticmethod
        def backward(context, upstream):
            return Sum.apply(upstream)  # so that it can be differentiated again

    return Sum


def _is_one_of_several_processes():
    import torch.distributed

    available = torch.distributed.is_available() and torch.distributed.is_initialized()
    return available and torch.distributed.get_world_size() > 1
