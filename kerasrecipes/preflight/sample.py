"""Some examples of what `fit` is given."""

import hashlib
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasrecipes._batches import batches

MOST_BYTES = 2**27


class Sample(NamedTuple):
    """Examples as arrays, or structures of arrays; weights are left out.

    Attributes:
        x, y: inputs and targets, of different examples.
        batch_size: int, of the batches that they came in.
    """

    x: Any
    y: Any
    batch_size: int

    def __len__(self):
        return len(keras.tree.flatten(self.x)[0])

    def take(self, indices):
        """Return the examples at these indices, or the first so many."""
        key = slice(indices) if isinstance(indices, int) else indices
        x, y = (keras.tree.map_structure(lambda a: a[key], part) for part in (self.x, self.y))
        return Sample(x, y, self.batch_size)


def draw_sample(data, count, batch_size, name, seed):
    """Return a `Sample` of at most `count` examples that all differ.

    Args:
        data: arrays `(x, y)` or batches, as for `preflight`.
        count: int, the examples that are wanted.
        batch_size: int, of arrays.
        name: str, name of the argument in errors.
        seed: int, of the choice among arrays.

    Raises:
        ValueError: for data that cannot be read twice, have no targets or fewer than 2 examples.
    """
    _check_readable(data, name)
    if is_arrays(data):
        x, y = _pair(data, name)
        sample = Sample(_arrays(x), _arrays(y), batch_size)
        _check_lengths(sample, name)
        order = np.random.default_rng(seed).permutation(len(sample))
        sample = sample.take(order[:count])
    else:
        sample = _from_batches(data, count, batch_size, name)
    sample = sample.take(_different(sample))
    if len(sample) < 2:
        raise ValueError(
            f"Argument `{name}` must hold at least 2 different examples. Received: {len(sample)}"
        )
    return sample


def is_arrays(data):
    """Return whether data are arrays `(x, y)`, not batches of them."""
    parts = data if isinstance(data, tuple) else (data,)
    return all(hasattr(part, "shape") or isinstance(part, dict) for part in parts)


def example_hashes(x):
    """Return the hash of each example, uint64 of shape (examples,)."""
    arrays = [np.ascontiguousarray(part) for part in keras.tree.flatten(_arrays(x))]
    digests = [
        hashlib.blake2b(b"".join(array[i].tobytes() for array in arrays), digest_size=8).digest()
        for i in range(len(arrays[0]))
    ]
    return np.frombuffer(b"".join(digests), "uint64")


def _check_readable(data, name):
    if data is None or isinstance(data, (str, bytes, int, float)):
        raise TypeError(
            f"Argument `{name}` must be arrays (x, y), or an iterable of batches (x, y). "
            f"Received: {name}={data!r}"
        )
    if not is_arrays(data) and iter(data) is data:
        raise ValueError(
            f"Argument `{name}` must be data that can be read again: batches taken from a "
            "generator are lost to `fit`. Give it a list of some batches, a `tf.data.Dataset` or "
            f"a `keras.utils.PyDataset`. Received: an object of type {type(data).__name__}"
        )


def _from_batches(data, count, batch_size, name):
    found, size, limit = [], 0, getattr(data, "steps_per_pass", None)
    read = _by_index(data) if isinstance(data, keras.utils.PyDataset) else batches(data, batch_size)
    for number, batch in enumerate(read):
        pair = tuple(_arrays(part) for part in _pair(batch, name))
        found.append(pair)
        parts = keras.tree.flatten(pair)
        size += len(parts[0])
        is_enough = size >= count or sum(p.nbytes for p in parts) * len(found) > MOST_BYTES
        if is_enough or (limit and number + 1 >= limit):
            break
    if not found:
        raise ValueError(f"Argument `{name}` must hold at least one batch. Received: none")
    first = len(keras.tree.flatten(found[0])[0])
    x, y = keras.tree.map_structure(lambda *parts: np.concatenate(parts), *found)
    sample = Sample(x, y, first)
    _check_lengths(sample, name)
    return sample.take(count)


def _by_index(data):
    return (data[index] for index in range(len(data) if data.num_batches else 2**31))


def _pair(data, name):
    if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
        raise ValueError(
            f"Argument `{name}` must have targets: arrays (x, y), or batches (x, y) or "
            f"(x, y, sample_weight). Received: {type(data).__name__} without them"
        )
    return data[0], data[1]


def _arrays(structure):
    return keras.tree.map_structure(
        lambda part: np.asarray(keras.ops.convert_to_numpy(part)), structure
    )


def _check_lengths(sample, name):
    lengths = sorted({len(part) for part in keras.tree.flatten((sample.x, sample.y))})
    if len(lengths) != 1:
        raise ValueError(f"Argument `{name}` must be arrays of one length. Received: {lengths}")


def _different(sample):
    """Return the places of the examples that are not there before."""
    return np.sort(np.unique(example_hashes(sample.x), return_index=True)[1])
