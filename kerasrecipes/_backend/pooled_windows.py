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
    if x.is_cuda and x.is_floating_point() and x.numel() and not _deterministic():
        return pooled_bags(x, row_places, column_places)
    count, height, width, channels = x.shape
    size = count if x.is_cuda else min(count, _CACHED // max(1, height * width * channels))
    size, height_out = max(1, size), row_places[0].shape[1]
    rows = [_flat(places, count, size, height) for places in row_places]
    columns = [_flat(places, count, size, width, height_out) for places in column_places]
    both = (functools.partial(way, rows, columns, size) for way in (_forward, _backward))
    return once_differentiable(*both, x)


def pooled_bags(x, row_places, column_places):
    """Return what `pooled_windows` does by one kernel forward and one backward, for a GPU.

    A pixel is a row of an embedding and a window a bag of them. The kernel would ignore a NaN that
    is not in the first position of its window. So that a NaN is never lost, the first value of
    the result is NaN too if any of x is (all are where `torch.compile` fuses this).
    """
    import torch

    bags = _bags(x, row_places, column_places)
    pixels = x.reshape(-1, x.shape[3])
    if torch.compiler.is_compiling():
        y = torch.nn.functional.embedding_bag(bags, pixels, mode="max")
        y = y + _nan_or_zero(pixels)
    else:
        y = _largest_of_bags().apply(pixels, bags)
    return y.view(len(x), row_places[0].shape[1], column_places[0].shape[1], x.shape[3])


def _nan_or_zero(pixels):
    return pixels.detach().amax().clamp(0, 0)


def _bags(x, row_places, column_places):
    """Return the flat indices of the pixels of each window, `(windows, pixels of a window)`."""
    import torch

    count, height, width = x.shape[:3]
    dtype = torch.int32 if count * height * width < 2**31 else torch.int64
    rows, columns = (torch.stack(p, -1).to(dtype) for p in (row_places, column_places))
    size = height * width
    starts = torch.arange(0, count * size, size, dtype=dtype, device=x.device)[:, None, None]
    rows = torch.add(starts, rows, alpha=width)
    # (examples, rows out, columns out, rows and columns of a window)
    bags = rows[:, :, None, :, None] + columns[:, None, :, None, :]
    return bags.view(-1, len(row_places) * len(column_places))


@functools.cache
def _largest_of_bags():
    import torch

    class LargestOfBags(torch.autograd.Function):
        @staticmethod
        def forward(context, pixels, bags):
            ends = torch.arange(
                0, bags.numel(), bags.shape[1], dtype=bags.dtype, device=bags.device
            )
            results = torch.embedding_bag(pixels, bags.view(-1), ends, mode=2)
            y, context.rest, context.count = results[0], (bags, *results[1:3]), len(pixels)
            y.view(-1)[:1].add_(_nan_or_zero(pixels))
            context.save_for_backward(results[3])
            return y

        @staticmethod
        def backward(context, upstream):
            (leaders,) = context.saved_tensors
            # The kernel below has no derivative, and no form for bfloat16.
            if torch.is_grad_enabled() or upstream.dtype == torch.bfloat16:
                to_pixels = upstream.new_zeros((context.count, upstream.shape[1]))
                return to_pixels.scatter_add(0, leaders.long(), upstream), None
            bags, offsets, sizes = context.rest
            return torch.ops.aten._embedding_bag_dense_backward(
                upstream.contiguous(), bags.view(-1), offsets, sizes, leaders, context.count,
                False, 2, None,
            ), None  # fmt: skip

    return LargestOfBags


def _deterministic():
    import torch

    return torch.are_deterministic_algorithms_enabled()


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
