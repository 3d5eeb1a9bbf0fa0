"""Values of tensors and variables as NumPy arrays, if they are computed already."""

import keras


def value_of(tensor):
    """Return the NumPy array of a tensor, or `None` for a symbolic tensor while tracing."""
    if isinstance(tensor, keras.KerasTensor):
        return None
    return {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()](
        tensor
    )


def _tensorflow(tensor):
    import tensorflow as tf

    # While tracing, variables have values, and symbolic tensors have no `numpy`.
    with tf.init_scope():
        return tensor.numpy() if hasattr(tensor, "numpy") else None


def _jax(tensor):
    import jax

    traced = isinstance(tensor, jax.core.Tracer)
    return None if traced else keras.ops.convert_to_numpy(tensor)


def _torch(tensor):
    import torch

    traced = torch.compiler.is_compiling() or tensor.device.type == "meta"
    return None if traced else keras.ops.convert_to_numpy(tensor)
