"""The maximum over windows of rows and columns, on PyTorch."""

import functools

from kerasrecipes._backend.once_differentiable import once_differentiable

_CACHED = 2**19  # values of x processed at a time: 2 MiB of float32, which fits the cache


def pooled_windows(x, row_places, column_places):
    """Return y[n, i, j, c] = max over a, b of x[n, row_places[a][n, i], column_places[b][n, j], c].

    Autograd would allocate a tensor for each position in the window, forward and backward. Here a
    few examples at a time are gathered, compared and summed within the cache, and the backward pass
    recomputes the maxima instead of storing them: this takes half the time.

    Args:
        x: Tensor `(N, H, W, C)`.
        row_places: List of integer tensors `(N or 1, H_out)`, rows of each window position.
        column_places: List of integer tensors `(N or 1, W_out)`.

    Returns:
        Tensor `(N, H_out, W_out, C)`. In a tie the gradient goes to the last position; a second
        derivative raises.
    """
    count, height, width, channels = x.shape
    size = count if x.is_cuda else min(count, _CACHED // max(1, height * width * channels))
    size, height_out = max(1, size), row_places[0].shape[1]
    rows = [_flat(places, count, size, height) for places in row_places]
    columns = [_flat(places, count, size, width, height_out) for places in column_places]
    both = (functools.partial(way, rows, columns, size) for way in (_forward, _backward))
    return once_differentiable(*both, x)


def _forward(rows, columns, size, x):
    width, channels = x.shape[2:]
    y = x.new_empty((len(x), rows[0].shape[-1], columns[0].shape[-1], channels))
    for place, row, column in _pieces(rows, columns, size):
        pooled = _largest(x[place].reshape(-1, width * channels), row)
        pooled = _largest(pooled.view(-1, channels), column)
        y[place] = pooled.view(y[place].shape)
    return y, None


def _backward(rows, columns, size, upstream, _, x):
    import torch

    width, channels = x.shape[2:]
    to_x = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    for place, row, column in _pieces(rows, columns, size):
        row_leads, column_leads = [], []
        pooled = _largest(x[place].reshape(-1, width * channels), row, row_leads)
        _largest(pooled.view(-1, channels), column, column_leads)
        to_pooled = torch.zeros_like(pooled)
        change = upstream[place].reshape(-1, channels)
        _scatter(change, column, column_leads, to_pooled.view(-1, channels))
        _scatter(to_pooled, row, row_leads, to_x[place].zero_().view(-1, width * channels))
    return [to_x]


def _pieces(rows, columns, size):
    """Yield slices of examples, with the indices of their rows and columns."""
    for start in range(0, len(rows[0]), size):
        place = slice(start, start + size)
        yield place, *([index[place].flatten() for index in side] for side in (rows, columns))


def _flat(places, count, size, length, repeats=1):
    """Return the indices into `size` flattened examples of `repeats` lines of `length`."""
    import torch

    lines = torch.arange(count, device=places.device)[:, None] % size * repeats
    lines = lines + torch.arange(repeats, device=places.device)
    return lines[..., None] * length + places[:, None]


def _largest(x, places, leads=None):
    """Return the largest x[index]; append how far each is behind the earlier ones to `leads`."""
    import torch

    largest = x.index_select(0, places[0])
    for index in places[1:]:
        candidate = x.index_select(0, index)
        if leads is not None:
            leads.append(largest - candidate)
        largest = torch.maximum(largest, candidate, out=candidate)
    return largest


def _scatter(change, places, leads, total):
    """Add the gradient of each window at the position of its maximum."""
    import torch

    for index, lead in zip(places[:0:-1], leads[::-1]):
        before = torch.ops.aten.threshold_backward(change, lead, 0)  # change where lead > 0
        total.index_add_(0, index, change - before)
        change = before
    total.index_add_(0, places[0], change)
