"""Encoded images in shards, by index, as `PathList` has those of files."""

import errno
import functools
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._printable import printable
from kerasrecipes.data.host_tensor import host_tensor
from kerasrecipes.data.shard_index import ShardIndex


class ShardImages:
    """Images of a `ShardIndex`: what `check_images` and `checked_reader` read.

    Args:
        index: `ShardIndex`.
        read_record: function of tensors (path, offset, length, record) that returns the bytes of
            an image and can be traced.
    """

    def __init__(self, index: ShardIndex, read_record: Callable) -> None:
        self._index, self._read_record = index, read_record

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, index: int) -> str:
        arrays = self._index.arrays
        path = self._index.files[arrays["shards"][index]]
        return f"{path}[{arrays['records'][index]}]"

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(len(self)))

    def contents(self, index: Any) -> Any:
        """The bytes of the image at an int64 scalar tensor; can be traced."""
        numbers = [tf.gather(self._tensors[name], index) for name in ("offsets", "lengths")]
        record = tf.gather(self._tensors["records"], index)
        return self._read_record(self._path(index), *numbers, record)

    def read(self, index: int) -> bytes:
        """The bytes of the image at an integer."""
        try:
            return self.contents(tf.constant(index, tf.int64)).numpy()
        except (tf.errors.OpError, ValueError) as error:
            raise OSError(errno.EIO, "corrupt record") from error

    def problem(self, index: int) -> None:
        """`None`: whether shards are there is known before."""

    def all_problems(self) -> dict[int, str]:
        """An empty dict."""
        return {}

    def place(self, index: Any) -> Any:
        """The shard and the record at an int64 scalar tensor, for messages; can be traced."""
        record = tf.strings.as_string(tf.gather(self._tensors["records"], index))
        return tf.strings.join([self._path(index), "[", record, "]"])

    def _path(self, index):
        return tf.gather(self._files, tf.gather(self._tensors["shards"], index))

    @functools.cached_property
    def _files(self):
        return host_tensor([os.fsencode(path) for path in self._index.files])

    @functools.cached_property
    def _tensors(self):
        names = ("shards", "records", "offsets", "lengths")
        return {name: host_tensor(self._index.arrays[name]) for name in names}


def read_by_python(function, path, *numbers):
    """The bytes that `function(path, *numbers)` returns, of tensors: a str and ints."""

    def call(path, *numbers):  # of tensors: arrays, and bytes in a graph
        path = os.fsdecode(np.asarray(path, object).item())
        return function(path, *map(int, numbers))

    content = tf.numpy_function(call, [path, *numbers], tf.string, stateful=False)
    return tf.ensure_shape(content, [])


def shard_place(path, record):
    """A record of a shard, in messages."""
    return printable(f"{path}[{record}]")
