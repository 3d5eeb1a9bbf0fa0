"""Iterates over arrays, or over an iterable of batches, batch by batch."""

import keras


def batches(data, batch_size, name="data"):
    """Yield each batch as a tuple `(x,)`, `(x, y)` or `(x, y, sample_weight)`, in order.

    Args:
        data: an array x, a dict of arrays, or a tuple `(x, y, ...)` of those, which are cut into
            batches; or an iterable of batches, each x or a tuple or list `(x, y, ...)`.
        batch_size: int >= 1, examples per batch of arrays; the last batch may be smaller.
        name: str, name of the argument in errors.

    Raises:
        ValueError: if arrays differ in length.
    """
    arrays = data if isinstance(data, tuple) else (data,)
    if not all(hasattr(array, "shape") or isinstance(array, dict) for array in arrays):
        for batch in data:
            yield tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
        return
    lengths = [len(array) for array in keras.tree.flatten(arrays)]
    if len(set(lengths)) > 1:
        raise ValueError(f"Argument `{name}` must be arrays of one length. Received: {lengths}")
    for start in range(0, lengths[0], batch_size):
        part = slice(start, start + batch_size)
        yield keras.tree.map_structure(lambda array, part=part: array[part], arrays)
