"""Decorrelated batch normalisation in few kernels, for PyTorch on a GPU."""

import functools

from kerasrecipes._backend.once_differentiable import once_differentiable


def decorrelated_batch(x, axis, gamma, beta, size, epsilon, dtype):
    """Return y = gamma · (x - μ)·Σ^(-1/2) + beta, μ and the blocks of Σ^(-1/2).

    Products are of all channels at once, with zeros between the groups: on a GPU a product of 16
    channels takes as long as one of 64, and their moments, as a batch of products, a hundred
    times as long. The gradient is that of `zca_whitening` and of the moments, written out: by
    automatic differentiation the many operations on small matrices would be the longest part.

    Args:
        x: Float tensor of at least one position.
        axis: int, the axis of the channels.
        gamma, beta: Tensors `(channels,)` or `None`.
        size: int that divides the channels, those of a group.
        epsilon: float > 0, added to the variances, and the least eigenvalue.
        dtype: str, the type to compute in.

    Returns:
        (y, μ, Σ^(-1/2)) of the shapes of x, `(channels,)` and `(groups, size, size)`. Only y has
        a gradient; a second derivative raises.
    """
    import torch

    dtype, statistics = getattr(torch, dtype), []
    gamma, beta = (w if w is None else w.to(dtype) for w in (gamma, beta))
    x = x.to(dtype).movedim(axis, -1)
    forward = functools.partial(_forward, size, epsilon, statistics)
    y = once_differentiable(forward, _gradients, x, gamma, beta)
    return y.movedim(-1, axis), *statistics


def interpolated(average, value, fraction):
    """Return (1 - fraction) · average + fraction · value, in the type of the average."""
    import torch

    return torch.lerp(average, value.to(average.dtype), fraction)


def _forward(size, epsilon, statistics, x, gamma, beta):
    import torch

    rows = x.reshape(-1, x.shape[-1])
    # Near the mean, so that the moments do not cancel; an eighth is enough: see `_shift` of
    # `GroupNormalization`.
    shift = rows[::8].mean(0)
    r = rows - shift
    offset = _sum(r, len(x)).div_(len(rows))
    whitening, *eigen = _whitening(_covariance(r, offset, size, epsilon), epsilon)
    matrix = _matrix(whitening)
    if gamma is not None:
        matrix = matrix.mul_(gamma)
    bias = offset.new_zeros(()) if beta is None else beta
    y = torch.addmm(torch.addmv(bias, matrix.T, offset, alpha=-1), r, matrix)
    statistics += [shift + offset, whitening]
    return y.view(x.shape), (shift, offset, matrix, whitening, *eigen)


def _gradients(upstream, kept, x, gamma, beta):
    import torch

    shift, offset, matrix, whitening, *eigen = kept
    size, count = whitening.shape[-1], x[..., 0].numel()
    r, upstream = x.reshape(count, -1) - shift, upstream.reshape(count, -1)
    to_beta = _sum(upstream, len(x))
    to_blocks = _blocks(torch.addr(torch.mm(r.T, upstream), offset, to_beta, alpha=-1), size)
    to_gamma = None if gamma is None else (to_blocks * whitening).sum(1).view(-1)
    to_whitening = to_blocks if gamma is None else to_blocks * gamma.view(-1, 1, size)
    to_covariance = _matrix(_of_covariance(to_whitening, *eigen))
    # Both ways to the offset: the bias, and the square that is subtracted in the covariance.
    to_offset = torch.addmv(torch.mv(matrix, to_beta), to_covariance, offset, beta=-1, alpha=-2)
    to_x = torch.addmm(to_offset.div_(count), upstream, matrix.T)
    to_x.addmm_(r, to_covariance, alpha=2 / count)
    return to_x.view(x.shape), to_gamma, None if beta is None else to_beta


def _sum(rows, examples):
    """Return the sum of the rows; in two steps, as one has too few sums to fill a GPU."""
    if len(rows) > examples:
        rows = rows.view(examples, -1, rows.shape[1]).sum(1)
    return rows.sum(0)


def _blocks(matrix, size):
    """Return the blocks on the diagonal of a matrix, `(groups, size, size)`."""
    groups = len(matrix) // size
    return matrix.view(groups, size, groups, size).diagonal(dim1=0, dim2=2).permute(2, 0, 1)


def _matrix(blocks):
    """Return a matrix with the blocks on its diagonal, and zeros."""
    groups, size, _ = blocks.shape
    matrix = blocks.new_zeros((groups * size, groups * size))
    _blocks(matrix, size).copy_(blocks)
    return matrix


def _covariance(r, offset, size, epsilon):
    import torch

    gram, offset = _blocks(torch.mm(r.T, r), size), offset.view(-1, size, 1)
    covariance = torch.baddbmm(gram, offset, offset.mT, beta=1 / len(r), alpha=-1)
    covariance.diagonal(dim1=1, dim2=2).add_(epsilon)
    return covariance


def _whitening(covariance, smallest):
    """Return Σ^(-1/2) (NaN for a matrix that is not finite), √λ and U."""
    import torch

    zero_or_nan = (covariance - covariance).sum((1, 2), keepdim=True)
    values, vectors = torch.linalg.eigh(covariance.nan_to_num_(0, 0, 0))
    root = values.clamp_(min=smallest).sqrt_()
    whitening = torch.baddbmm(zero_or_nan, vectors / root[:, None], vectors.mT)
    return whitening, root, vectors


def _of_covariance(upstream, root, vectors):
    """Return the gradient of the covariance, see `zca_whitening`."""
    import torch

    rows, columns = root[:, :, None], root[:, None]
    rotated = vectors.mT @ (upstream + upstream.mT) @ vectors
    inner = rotated.div_(rows + columns).div_(rows * columns)
    return torch.bmm(vectors @ inner, vectors.mT).mul_(-0.5)
