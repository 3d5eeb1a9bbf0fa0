"""Weights that a step left out, on PyTorch: their gradients are zeros, not missing."""

import functools


def with_zero_gradients(x, weights):
    """Return `x` itself, of which the weights' gradients are zeros.

    Without it a weight that took no part in a step has no gradient, and the optimizer leaves out
    its momentum and its decay. Adding zero times the weights to `x` would do, but reads and writes
    all of it, forward and backward.

    Args:
        x: Tensor.
        weights: List of tensors.
    """
    return _function().apply(x, *weights)


@functools.cache
def _function():
    import torch

    class ZeroGradients(torch.autograd.Function):
        @staticmethod
        def forward(context, x, *weights):
            context.save_for_backward(*weights)
            return x.view_as(x)

        @staticmethod
        def backward(context, upstream):
            wanted = context.needs_input_grad[1:]
            zeros = zip(context.saved_tensors, wanted)
            return upstream, *(torch.zeros_like(w) if needed else None for w, needed in zeros)

    return ZeroGradients
