"""A function with a custom gradient but no second derivative, on PyTorch."""

import functools


def once_differentiable(forward, gradients, *inputs):
    """Return `result`, where (result, kept) = forward(*inputs).

    Differentiating the gradient raises an error. PyTorch's decorator of this name raises only if
    the incoming gradient requires one: it would silently ignore a gradient penalty on a linear
    loss.

    Args:
        forward: Function of the inputs; `kept` is passed on to `gradients`.
        gradients: Function (upstream, kept, *inputs) to a tensor or `None` for each input, called
            without a graph.
        *inputs: Tensors or `None`.
    """
    return _apply()(forward, gradients, *inputs)


@functools.cache
def _apply():
    import torch

    return torch.compiler.disable(_once().apply)


@functools.cache
def _once():
    import torch

    class Once(torch.autograd.Function):
        @staticmethod
        def forward(context, forward, gradients, *inputs):
            result, context.kept = forward(*inputs)
            context.gradients = gradients
            context.save_for_backward(*inputs)
            return result

        @staticmethod
        def backward(context, upstream):
            inputs = context.saved_tensors
            with torch.no_grad():
                results = context.gradients(upstream, context.kept, *inputs)
            raising = (None if g is None else _final().apply(g, upstream, *inputs) for g in results)
            return None, None, *raising

    return Once


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
