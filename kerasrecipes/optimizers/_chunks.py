"""The whole data of a full-batch method, in chunks of rows whose losses add up to that of all."""

import numpy as np
from keras import ops, tree

SUM, WEIGHTED_MEAN = "sum", "mean_with_sample_weight"


class Chunks:
    """Arrays `(x, y, sample_weight)`, iterated over as (fraction of the loss, tensors).

    Args:
        x, y, sample_weight: arrays, nested in dicts, lists or tuples, or `None`.
        size: int >= 1, rows per chunk, or `None` for one chunk.
        loss: what the model was compiled with, whose reduction tells how losses add up.
    """

    def __init__(self, x, y, sample_weight, size, loss):
        named = {"x": x, "y": y, "sample_weight": sample_weight}
        self._data = tuple(tree.map_structure(_array(name), named[name]) for name in named)
        self.rows = _common_length(dict(zip(named, self._data)))
        self.size = min(size or self.rows, self.rows)
        self._reduction = _reduction(loss) if self.size < self.rows else None
        self._dtype = self._only = None
        if self._reduction == WEIGHTED_MEAN and tree.is_nested(self._data[2]):
            raise ValueError(
                "Argument `batch_size` must be None for a loss with reduction="
                f"{WEIGHTED_MEAN!r} and one `sample_weight` per output. Received: batch_size={size}"
            )

    def of_dtype(self, dtype):
        """Return these chunks with floating-point numbers of `dtype`."""
        self._dtype, self._only = dtype, None
        return self

    def first_rows(self, count):
        """Return the tensors of the first rows."""
        return self._tensors(slice(0, count))

    def __iter__(self):
        if self.size == self.rows:
            self._only = self._only or self._tensors(slice(None))
            yield 1.0, self._only
            return
        for start in range(0, self.rows, self.size):
            x, y, weight = self._tensors(slice(start, start + self.size))
            rows = min(self.size, self.rows - start)
            fraction = rows / self.rows
            if self._reduction == SUM:  # a mean of sums that are larger by 1 / fraction
                weight = _multiplied(weight, rows, 1 / fraction, self._dtype)
            elif self._reduction == WEIGHTED_MEAN and self._data[2] is not None:
                total = self._data[2].sum(dtype="float64")
                fraction = self._data[2][start : start + rows].sum(dtype="float64") / total
            yield float(fraction), (x, y, weight)

    def _tensors(self, rows):
        return tree.map_structure(
            lambda array: None if array is None else self._tensor(array[rows]), self._data
        )

    def _tensor(self, array):
        is_floating = np.issubdtype(array.dtype, np.floating)
        return ops.convert_to_tensor(array, self._dtype if is_floating else None)


def _multiplied(weight, rows, factor, dtype):
    if weight is None:
        return ops.convert_to_tensor(np.full(rows, factor, dtype))
    return tree.map_structure(lambda part: part * factor, weight)


def _array(name):
    def convert(value):
        if value is None:
            return None
        array = ops.convert_to_numpy(value) if ops.is_tensor(value) else np.asarray(value)
        if array.ndim == 0 or array.dtype.hasobject:
            raise TypeError(
                f"Argument `{name}` must be arrays or tensors of numbers with one row per example "
                "(L-BFGS needs the same data for each evaluation: load data sets and generators "
                f"first). Received: {name} of type {type(value).__name__}"
            )
        return array

    return convert


def _common_length(named):
    lengths = {
        name: {len(array) for array in tree.flatten(value) if array is not None}
        for name, value in named.items()
    }
    if not lengths["x"]:
        raise ValueError("Argument `x` must hold an array. Received: x=None")
    if len(set().union(*lengths.values())) > 1 or lengths["x"] == {0}:
        counts = ", ".join(f"{name} with {sorted(rows)}" for name, rows in lengths.items() if rows)
        raise ValueError(
            "Arguments `x`, `y` and `sample_weight` must have the same number of rows, >= 1. "
            f"Received: {counts}"
        )
    return lengths["x"].pop()


def _reduction(loss):
    """Return the reduction of all losses of a model."""
    reductions = {
        getattr(one, "reduction", "sum_over_batch_size")
        for one in tree.flatten(loss)
        if one is not None
    }
    if len(reductions) > 1 and reductions & {SUM, WEIGHTED_MEAN}:
        raise ValueError(
            "Argument `batch_size` must be None for losses of different reductions. Received: "
            f"reductions {sorted(map(str, reductions))}"
        )
    return reductions.pop() if reductions else None
