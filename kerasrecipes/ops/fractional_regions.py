"""The regions of fractional max pooling, computed exactly in integers."""

import numbers
from typing import Any

import numpy as np
from keras import ops

from kerasrecipes._backend.arithmetic import wide_type
from kerasrecipes._validation import check_integer


def fractional_boundaries(size_in: int, size_out: int, u: Any) -> Any:
    """Return the boundaries of disjoint regions of width 1 or 2 that cover `size_in` exactly.

    boundary i = int((i + u)·α) - int(u·α), i = 0..size_out, α = size_in / size_out

    Args:
        size_in: int >= 1.
        size_out: int, size_out <= size_in <= 2·size_out.
        u: float, array or tensor in [0, 1), a scalar or of shape `(N,)`: the random shift. The
            values of a tensor are not checked.

    Returns:
        int32 tensor of shape `(size_out + 1,)` or `(N, size_out + 1)`, from 0 to `size_in`.

    Raises:
        ValueError, TypeError: if a size is out of its range or not an integer, or u is out of its
            range.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import ops
    >>> print(np.array(ops.fractional_boundaries(7, 5, u=0.5)))
    [0 2 3 4 6 7]

    Reference: Graham, 2014, Fractional max-pooling, https://arxiv.org/abs/1412.6071. Rounding
    by `int` is as in Graham's code; the paper has ceil(α·(i + u)).
    """
    _check_sizes(size_in, size_out)
    return _increasing(size_in, size_out, size_out + 1, u)


def fractional_starts(size_in: int, size_out: int, u: Any) -> Any:
    """Return the starts of overlapping windows of width 2 that cover `size_in` exactly.

    start j = int((j + u)·α) - int(u·α), j = 0..size_out - 1, α = (size_in - 2) / (size_out - 1);
    the last is `size_in - 2`.

    Args:
        size_in: int >= 2.
        size_out: int, size_out <= size_in <= 2·size_out.
        u: float, array or tensor in [0, 1), a scalar or of shape `(N,)`: the random shift. The
            values of a tensor are not checked.

    Returns:
        int32 tensor of shape `(size_out,)` or `(N, size_out)`.

    Raises:
        ValueError, TypeError: if a size is out of its range or not an integer, or u is out of its
            range.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import ops
    >>> print(np.array(ops.fractional_starts(7, 5, u=0.5)))
    [0 1 3 4 5]

    Reference: Graham, 2014, Fractional max-pooling, https://arxiv.org/abs/1412.6071. The
    overlap is as in Graham's code and in PyTorch; TensorFlow's regions have width 2 or 3.
    """
    _check_sizes(size_in, size_out)
    check_integer("size_in", size_in, "[2, inf)")
    if size_out == 1:  # α is undefined for a single window; size_in is 2, the start is 0
        return _increasing(0, 1, 1, u)
    return _increasing(size_in - 2, size_out - 1, size_out, u)


def _check_sizes(size_in, size_out):
    check_integer("size_in", size_in, "[1, inf)")
    check_integer("size_out", size_out, "[1, inf)")
    if not size_out <= size_in <= 2 * size_out:
        raise ValueError(
            "Argument `size_out` must be in [size_in / 2, size_in]. "
            f"Received: size_in={size_in}, size_out={size_out}"
        )


def _increasing(total, parts, count, u):
    """Return int((i + u)·total / parts) - int(u·total / parts) for i = 0..count - 1.

    It is enough to round u·total, because floor((m + r) / n) = floor((m + floor(r)) / n) for
    integers m, n > 0.
    """
    shift = _floor_product(u, total)[..., None]
    steps = ops.arange(count, dtype="int32") * total
    return (steps + shift) // parts - shift // parts


def _floor_product(u, total):
    if isinstance(u, (numbers.Real, np.ndarray, list, tuple)):
        shift = np.asarray(u, "float64")
        if not ((shift >= 0) & (shift < 1)).all():
            raise ValueError(f"Argument `u` must be in [0, 1). Received: u={u}")
        return ops.convert_to_tensor(np.floor(shift * total), dtype="int32")
    # The cast rounds down, as u is not negative.
    return ops.cast(ops.cast(u, wide_type(u.dtype)) * total, "int32")
