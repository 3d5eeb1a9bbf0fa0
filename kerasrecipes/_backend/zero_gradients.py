"""Zero gradients for weights that a step did not use, on PyTorch."""

import functools


def with_zero_gradients(x, weights):
    """Return `x` with a graph in which the weights have gradients of zeros.

    Without it a weight that a step did not use has no gradient, and the optimizer skips its
    momentum and weight decay. Adding 0 · weights to `x` would have the same effect, but would
    read and write all values forward and backward.

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
