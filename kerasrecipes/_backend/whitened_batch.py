"""Rows times a matrix that depends on their own moments, on PyTorch."""

import functools

from kerasrecipes._backend.once_differentiable import once_differentiable

_CACHED = 2**19  # numbers in the cache at a time: two mebibytes of float32


def whitened_batch(rows, affine, gamma, beta, total):
    """Return r · matrix + bias, for (matrix, bias) = affine(shift, moments, gamma, beta).

    r = rows - shift, where shift is their mean as rounded; moments are [rᵀ·r | rᵀ·1] / count.
    Left to autograd, r, the product, the bias and three gradients are tensors of the size of the
    rows. Here r exists piece by piece in the cache, and only the result and the one gradient are
    written: half to three quarters of the time.

    Args:
        rows: Tensor `(products, positions, width)`, a transposed view as it is.
        affine: Function from shift `(products, 1, width)`, moments `(products, width, width + 1)`,
            gamma, beta and whether there are rows to matrix `(products, width, width)` and bias
            `(products, 1, width)`.
        gamma: Tensor or `None`, and beta likewise: what else the matrix and the bias depend on.
        total: Function that sums a tensor over the replicas.

    Returns:
        Tensor of the shape and the layout of `rows`. A second derivative raises.
    """
    forward = functools.partial(_forward, affine, total)
    return once_differentiable(forward, functools.partial(_backward, total), rows, gamma, beta)


def _forward(affine, total, rows, gamma, beta):
    import torch

    # No replica and no batch is too small: an empty share of a batch counts nothing.
    found = total(rows.new_tensor(float(rows.shape[1])))
    count = found.clamp(1)
    shift = total(rows.sum(1, keepdim=True)) / count
    leaves = [total(_moments(rows, shift)) / count, gamma, beta]
    leaves = [leaf if leaf is None else leaf.detach().requires_grad_() for leaf in leaves]
    with torch.enable_grad():
        matrix, bias = affine(shift, *leaves, found > 0)
    result = _product(rows, shift, matrix.detach(), bias.detach())
    return result, (shift, count, leaves, matrix, bias)


def _backward(total, upstream, kept, rows, gamma, beta):
    shift, count, leaves, matrix, bias = kept
    moments = _moments(rows, shift, upstream)
    to_moments, *to_weights = _gradients((matrix, bias), leaves, moments)
    if not rows.requires_grad:
        return None, *to_weights
    to_moments = total(to_moments) / count
    inner, constant = to_moments[..., :-1], to_moments[..., -1:].mT
    second = upstream, matrix.detach().mT
    return _product(rows, shift, inner + inner.mT, constant, second), *to_weights


def _gradients(outputs, leaves, moments):
    """The gradients by the leaves, from [rᵀ·upstream | upstreamᵀ·1]."""
    import torch

    wanted = [leaf for leaf in leaves if leaf is not None]
    upstream = (moments[..., :-1], moments[..., -1:].mT)
    found = iter(torch.autograd.grad(outputs, wanted, upstream, retain_graph=True))
    return [leaf if leaf is None else next(found) for leaf in leaves]


def _moments(rows, shift, others=None):
    """[rᵀ·s | sᵀ·1] with r = rows - shift and s the others, or r itself."""
    import torch

    products, _, width = rows.shape
    inner, sums = rows.new_zeros((products, width, width)), torch.zeros_like(shift)
    for place, r in _centered(rows, shift):
        s = r if others is None else others[place]
        inner.baddbmm_(r.mT, s)
        sums += s.sum(1, keepdim=True)
    return torch.cat([inner, sums.mT], dim=2)


def _product(rows, shift, matrix, bias, second=None):
    """(rows - shift) · matrix + bias, and + others · their matrix, the second pair."""
    import torch

    y = torch.empty_like(rows)
    for place, r in _centered(rows, shift):
        result = torch.baddbmm(bias, r, matrix, out=y[place])
        if second is not None:
            others, their_matrix = second
            result.baddbmm_(others[place], their_matrix)
    return y


def _centered(rows, shift):
    """Pairs (which rows, those minus shift), all in one buffer."""
    import torch

    products, positions, width = rows.shape
    size = positions if rows.is_cuda else min(positions, _CACHED // (products * width))
    size = max(1, size)
    buffer = rows.new_empty((size, products, width)).transpose(0, 1)
    for start in range(0, positions, size):
        place = slice(None), slice(start, start + size)
        piece = rows[place]
        yield place, torch.sub(piece, shift, out=buffer[:, : piece.shape[1]])
