"""Gradients that can be differentiated again, on PyTorch."""


def gradients_of_formula(formula, inputs, upstream):
    """Return the gradient of each input of `formula`, with a graph; `None` where none is wanted.

    For the backward of a `torch.autograd.Function` under `create_graph=True`: its own formula for
    the gradient would treat what it kept from the forward as constant.

    Args:
        formula: Function of the inputs, of differentiable operations.
        inputs: Tensors as saved by the context, or `None`.
        upstream: Gradient of the result.
    """
    import torch

    wanted = [t for t in inputs if t is not None and t.requires_grad]
    y = formula(*inputs).to(upstream.dtype)
    found = torch.autograd.grad(y, wanted, upstream, create_graph=True, allow_unused=True)
    by_input = {id(t): gradient for t, gradient in zip(wanted, found)}
    return [by_input.get(id(t)) for t in inputs]
