"""Reads a PyTorch checkpoint without PyTorch and without running code from it."""

import collections
import dataclasses
import hashlib
import io
import os
import pathlib
import pickle

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001


@dataclasses.dataclass(frozen=True)
class _Storage:
    """The dtype of a storage; PyTorch pickles it as the name of a class."""

    dtype: str


@dataclasses.dataclass(frozen=True)
class _Tensor:
    """A view of a storage; the storage's contents come later in the file."""

    key: str
    numbers: int
    dtype: str
    offset: int
    shape: tuple
    strides: tuple

    def of(self, storages):
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.strides))
        values = storages[self.key]
        if min((self.offset, *self.shape, *self.strides)) < 0 or last >= values.size:
            raise ValueError("a tensor reaches beyond its storage")
        steps = [step * values.itemsize for step in self.strides]
        return np.lib.stride_tricks.as_strided(values[self.offset :], self.shape, steps).copy()


def _rebuild_tensor(storage, offset, shape, strides, requires_grad, hooks, metadata=None):
    key, numbers, dtype = storage
    return _Tensor(key, numbers, dtype, offset, tuple(shape), tuple(strides))


# The only names that a dictionary of tensors needs; any other is an error.
ALLOWED = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch", "FloatStorage"): _Storage("<f4"),
    ("torch", "LongStorage"): _Storage("<i8"),
}


class _TensorUnpickler(pickle.Unpickler):
    """Resolves only the names in `ALLOWED`, so that a file cannot run code."""

    def find_class(self, module, name):
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no tensor needs")
        return ALLOWED[module, name]

    def persistent_load(self, identity):
        kind, storage, key, _, numbers, view = identity
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError("it holds something other than storages")
        return key, numbers, storage.dtype


def read_torch_checkpoint(path, sha256):
    """Return the arrays of a checkpoint with a given SHA-256.

    The bytes are read once, compared with the checksum and only then unpickled, by an unpickler
    that accepts only dictionaries and tensors of float32 and int64.

    Args:
        path: Path of a `.pth` file in the format of `torch.save` before PyTorch 1.6.
        sha256: str of 64 hexadecimal digits, or a tuple of them, one of which must match.

    Returns:
        Dict from the parameter's name to a NumPy array.

    Raises:
        ValueError: If the checksum does not match, the file is incomplete, or it contains
            anything but tensors.
    """
    contents = pathlib.Path(path).read_bytes()
    digest = hashlib.sha256(contents).hexdigest()
    expected = (sha256,) if isinstance(sha256, str) else tuple(sha256)
    if digest not in expected:
        raise ValueError(
            f"The weights file {os.fspath(path)!r} is not the published one: it was altered, is "
            f"incomplete or belongs to another network. Its SHA-256 must be "
            f"{' or '.join(expected)}. Received: {digest}"
        )
    try:
        return _arrays(io.BytesIO(contents))
    except Exception as error:  # Broken pickles raise exceptions of any kind.
        raise ValueError(
            f"The weights file {os.fspath(path)!r} cannot be read as a checkpoint of tensors: "
            f"{error or type(error).__name__}"
        ) from error


def _arrays(file):
    magic, protocol, system, tensors, keys = (_TensorUnpickler(file).load() for _ in range(5))
    if magic != MAGIC or protocol != PROTOCOL or not system["little_endian"]:
        raise ValueError("unknown format")
    kinds = {tensor.key: (tensor.numbers, tensor.dtype) for tensor in tensors.values()}
    storages = {key: _storage(file, *kinds[key]) for key in keys}
    return {name: tensor.of(storages) for name, tensor in tensors.items()}


def _storage(file, numbers, dtype):
    if int.from_bytes(file.read(8), "little") != numbers:
        raise ValueError("a storage has a different length than its tensors state")
    contents = file.read(numbers * np.dtype(dtype).itemsize)
    return np.frombuffer(contents, dtype, numbers)
