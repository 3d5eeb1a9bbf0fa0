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
