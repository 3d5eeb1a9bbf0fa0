"""Gradients of a function, outside `fit`."""

import keras


def gradients_of(function, tensors):
    """Return (auxiliary, gradients), for a function that returns (scalar, auxiliary).

    Args:
        function: from tensors to a scalar and a structure of tensors.
        tensors: list of tensors. Unused tensors have a gradient of zeros.
    """
    return {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()](
        function, tensors
    )


def _tensorflow(function, tensors):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(tensors)
        scalar, auxiliary = function(*tensors)
    zero = tf.UnconnectedGradients.ZERO
    return auxiliary, tape.gradient(scalar, tensors, unconnected_gradients=zero)


def _jax(function, tensors):
    import jax

    positions = tuple(range(len(tensors)))
    gradients, auxiliary = jax.grad(function, argnums=positions, has_aux=True)(*tensors)
    return auxiliary, list(gradients)


def _torch(function, tensors):
    import torch

    with torch.enable_grad():
        leaves = [tensor.detach().clone().requires_grad_() for tensor in tensors]
        scalar, auxiliary = function(*leaves)
        gradients = torch.autograd.grad(scalar, leaves, allow_unused=True)
    return auxiliary, [
        torch.zeros_like(leaf) if gradient is None else gradient
        for leaf, gradient in zip(leaves, gradients)
    ]


def compiled_value_and_gradient(function, jit, eager=False):
    """Return a function that computes a scalar and its gradient, compiled where backends compile.

    Args:
        function: from a vector and structures of tensors to a scalar; the gradient is with respect
            to the vector. It has no side effects, and the result has none.
        jit: bool, whether TensorFlow compiles with XLA. JAX always does; PyTorch runs eagerly.
        eager: bool, whether nothing is compiled. Defaults to `False`.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        compute = _tensorflow_value_and_gradient(function)
        return compute if eager else tf.function(compute, jit_compile=jit)
    if backend == "jax":
        import jax

        compute = jax.value_and_grad(function)
        return compute if eager else jax.jit(compute)
    return _torch_value_and_gradient(function)


def _tensorflow_value_and_gradient(function):
    import tensorflow as tf

    def compute(vector, *arguments):
        with tf.GradientTape() as tape:
            tape.watch(vector)
            value = function(vector, *arguments)
        zero = tf.UnconnectedGradients.ZERO
        return value, tape.gradient(value, vector, unconnected_gradients=zero)

    return compute


def _torch_value_and_gradient(function):
    import torch

    def compute(vector, *arguments):
        with torch.enable_grad():
            leaf = vector.detach().requires_grad_()
            value = function(leaf, *arguments)
            if not value.requires_grad:
                return value, torch.zeros_like(vector)
            (gradient,) = torch.autograd.grad(value, [leaf])
        return value.detach(), gradient

    return compute
