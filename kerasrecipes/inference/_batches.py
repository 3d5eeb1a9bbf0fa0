"""Data of any kind, batch by batch."""

import keras
import numpy as np


def batches(data, batch_size):
    """Yield the inputs of each batch of arrays, or of an iterable of x or (x, y, ...)."""
    if hasattr(data, "shape") or isinstance(data, dict):
        sizes = {len(array) for array in keras.tree.flatten(data)}
        for start in range(0, min(sizes), batch_size):
            part = slice(start, start + batch_size)
            yield keras.tree.map_structure(lambda array, part=part: array[part], data)
    else:
        for batch in data:
            yield batch[0] if isinstance(batch, (tuple, list)) else batch


def size_of(x):
    """How many examples a batch has."""
    return int(np.shape(keras.tree.flatten(x)[0])[0])
