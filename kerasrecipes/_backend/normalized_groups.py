"""Group normalisation in few kernels, for PyTorch on a GPU."""

import functools
import math

from kerasrecipes._backend.differentiable_again import gradients_of_formula


def normalized_groups(x, axis, gamma, beta, groups, epsilon, dtype, result_dtype):
    """Return gamma · (x - μ) / √(σ² + ε) + beta, with μ and σ² of each group of each example.

    Each step is one kernel over the whole tensor or over one number a channel. The variance is
    Welford's, and the first value of each group is subtracted from it before anything is
    multiplied: the result is right in float32 far from zero, where PyTorch's own is not.

    Compiled by `torch.compile` it is a formula without a break; a second derivative is that of the
    formula.

    Args:
        x: Float tensor, the examples first.
        axis: int, the axis of the channels.
        gamma, beta: Tensors `(channels,)`, or `None` for 1 and 0.
        groups: int, contiguous groups of channels.
        epsilon: float > 0.
        dtype, result_dtype: str, the types to compute in and of the result.

    Returns:
        Tensor of the shape of x.
    """
    import torch

    dtype, result_dtype = getattr(torch, dtype), getattr(torch, result_dtype)
    shape, axis = x.shape, axis % x.dim()
    before, after = (math.prod(sizes) for sizes in (shape[1:axis], shape[axis + 1 :]))
    x = x.reshape(shape[0], before, groups, shape[axis] // groups, after)
    gamma, beta = (
        torch.full(x.shape[2:4] + (1,), default, dtype=dtype, device=x.device)
        if weight is None
        else weight.to(dtype).view(groups, -1, 1)
        for weight, default in ((gamma, 1.0), (beta, 0.0))
    )
    if torch.compiler.is_compiling():
        y = _formula(x, gamma, beta, epsilon).to(result_dtype)
    else:
        y = _function().apply(x, gamma, beta, epsilon, result_dtype)
    return y.view(shape)


def _formula(x, gamma, beta, epsilon):
    import torch

    shifted = x - _first(x, gamma)
    mean, root = _moments(shifted, epsilon)
    slope = gamma * root
    return torch.addcmul(beta - mean * slope, shifted, slope)


def _first(x, gamma):
    return x.detach()[:, :1, :, :1, :1].to(gamma.dtype)


def _moments(x, epsilon):
    """Return mean and 1 / √(variance + ε), of the shape `(examples, 1, groups, 1, 1)`.

    A channel's variance and that of the channels' means add up: reading channel by channel is
    much faster than reading a group's few channels at a time.
    """
    import torch

    variance, mean = torch.var_mean(x, dim=(1, 4), correction=0, keepdim=True)
    if x.shape[3] > 1:
        between, mean = torch.var_mean(mean, dim=3, correction=0, keepdim=True)
        variance = variance.mean(dim=3, keepdim=True) + between
    return mean, torch.rsqrt(variance + epsilon)


@functools.cache
def _function():
    import torch

    class NormalizedGroups(torch.autograd.Function):
        @staticmethod
        def forward(context, x, gamma, beta, epsilon, dtype):
            shifted = x - _first(x, gamma)
            mean, root = _moments(shifted, epsilon)
            slope = gamma * root
            offset = torch.addcmul(beta, mean, slope, value=-1)
            context.epsilon = epsilon
            context.save_for_backward(x, gamma, beta, mean, root, slope)
            y = torch.empty_like(x, dtype=dtype)
            return torch.addcmul(offset, shifted, slope, out=y)

        @staticmethod
        def backward(context, upstream):
            x, gamma, beta, *kept = context.saved_tensors
            if torch.is_grad_enabled():
                formula = functools.partial(_formula, epsilon=context.epsilon)
                gradients = gradients_of_formula(formula, (x, gamma, beta), upstream)
            else:
                gradients = _gradients(upstream, x, gamma, *kept)
            return *gradients, None, None

    return NormalizedGroups


def _gradients(upstream, x, gamma, mean, root, slope):
    import torch

    shifted = x - _first(x, gamma)
    direct = upstream.sum((1, 4), keepdim=True, dtype=gamma.dtype)
    along = (upstream * shifted).sum((1, 4), keepdim=True)
    along = torch.addcmul(along, mean, direct, value=-1).mul_(root)
    size = math.prod(x.shape[place] for place in (1, 3, 4))
    of_direct = (gamma * direct).sum(3, keepdim=True).mul_(root)
    pull = (gamma * along).sum(3, keepdim=True).mul_(root).mul_(root).div_(size)
    rest = torch.addcmul(of_direct, mean, pull, value=-size).div_(-size)
    to_x = torch.addcmul(rest, shifted, pull, value=-1)
    result = to_x if x.dtype == to_x.dtype else torch.empty_like(x)
    torch.addcmul(to_x, upstream, slope, out=result)
    return result, along.sum(0)[0], direct.sum(0)[0]
