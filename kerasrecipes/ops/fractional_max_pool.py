"""The windowed maximum of fractional max pooling."""

import functools
from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.pooled_windows import pooled_windows
from kerasrecipes._validation import check_choice, check_integer


def fractional_max_pool(
    x: Any,
    row_starts: Any,
    column_starts: Any,
    window: int | None = 2,
    data_format: str = "channels_last",
) -> Any:
    """Return the maximum of x over windows that start at given rows and columns.

    y[n, i, j, c] = max over 0 <= a, b < window of x[n, r[n, i] + a, q[n, j] + b, c], where r and q
    are the starts of rows and columns.

    Args:
        x: Tensor of shape `(N, H, W, C)`, or `(N, C, H, W)` with `"channels_first"`.
        row_starts: Integer tensor of shape `(H_out,)`, or `(N, H_out)` for starts per example.
        column_starts: Integer tensor of shape `(W_out,)` or `(N, W_out)`.
        window: int >= 1, the side of the windows, which must lie inside x; or `None` for
            disjoint regions of width 1 or 2: the starts are then boundaries, one more than there
            are regions, and a region ends where the next begins. Defaults to 2.
        data_format: `"channels_last"` or `"channels_first"`. Defaults to `"channels_last"`.

    Returns:
        Tensor of shape `(N, H_out, W_out, C)` or `(N, C, H_out, W_out)`. The gradient goes to the
        largest element of each window; which one gets it in a tie depends on the backend.

    Raises:
        ValueError, TypeError: if `window` or `data_format` is out of its range.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import ops
    >>> x = np.arange(25.0, dtype="float32").reshape(1, 5, 5, 1)
    >>> y = ops.fractional_max_pool(x, np.array([0, 1, 3]), np.array([0, 2, 3]), window=2)
    >>> print(np.array(y[0, :, :, 0]).tolist())
    [[6.0, 8.0, 9.0], [11.0, 13.0, 14.0], [21.0, 23.0, 24.0]]

    Reference: Graham, 2014, Fractional max-pooling, https://arxiv.org/abs/1412.6071.
    """
    if window is not None:
        check_integer("window", window, "[1, inf)")
    check_choice("data_format", data_format, ("channels_last", "channels_first"))
    x = ops.convert_to_tensor(x)
    if data_format == "channels_first":
        x = ops.transpose(x, (0, 2, 3, 1))
    rows, columns = (_offsets(starts, window) for starts in (row_starts, column_starts))
    if keras.backend.backend() == "torch":
        y = pooled_windows(x, rows, columns)
    else:
        y = _pool_columns(_pool_rows(x, rows), columns)
    return ops.transpose(y, (0, 3, 1, 2)) if data_format == "channels_first" else y


def _offsets(starts, window):
    """Return an index tensor `(N or 1, size_out)` for each offset within the windows."""
    starts = ops.cast(starts, "int32")
    starts = starts if len(starts.shape) == 2 else starts[None]
    if window is None:
        return [starts[:, :-1], starts[:, 1:] - 1]
    return [starts + place for place in range(window)]


def _pool_rows(x, places):
    _, height, width, channels = x.shape
    rows = ops.reshape(x, (-1, height, width * channels))
    pooled = functools.reduce(ops.maximum, [_take(rows, index) for index in places])
    return ops.reshape(pooled, (-1, places[0].shape[1], width, channels))


def _pool_columns(x, places):
    _, height, width, channels = x.shape
    columns = ops.reshape(x, (-1, width, channels))
    places = [
        index if index.shape[0] == 1 else ops.repeat(index, height, axis=0) for index in places
    ]
    pooled = functools.reduce(ops.maximum, [_take(columns, index) for index in places])
    return ops.reshape(pooled, (-1, height, places[0].shape[1], channels))


def _take(x, index):
    """Return x[n, index[n]]; one `take` from the flattened batch is the fastest way."""
    count, length, width = ops.shape(x)[0], x.shape[1], x.shape[2]
    flat = ops.arange(count, dtype="int32")[:, None] * length + index
    taken = ops.take(ops.reshape(x, (-1, width)), ops.reshape(flat, (-1,)), axis=0)
    return ops.reshape(taken, (-1, index.shape[1], width))
