"""Gradients that have no gradient of their own, on PyTorch."""

import functools


def first_derivative(gradients, sources):
    """Return the gradients; one of them differentiated again raises.

    `once_differentiable` raises only where the incoming gradient needs one: a penalty on the
    gradient of a linear loss would silently count nothing.

    Args:
        gradients: List of tensors computed without a graph, or `None`.
        sources: List of tensors that they depend on, or `None`.
    """
    return tuple(
        None if gradient is None else _final().apply(gradient, *sources) for gradient in gradients
    )


@functools.cache
def _final():
    import torch

    class Final(torch.autograd.Function):
        @staticmethod
        def forward(context, gradient, *sources):
            return gradient.view_as(gradient)

        @staticmethod
        def backward(context, *upstream):
            raise NotImplementedError(
                "This layer has no second derivative on the PyTorch backend: its gradient cannot "
                "be differentiated again."
            )

    return Final
