"""The names of many files, in little memory."""

import array
import functools
import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.data.host_tensor import host_tensor
from kerasrecipes.data.pillow_image import file_problem


class PathList:
    """Paths by index: the names in one string, and each folder once.

    Once a path is read, none can be added.

    Args:
        paths: strings, the first paths.
    """

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._names, self._ends = bytearray(), array.array("q", [0])
        self._folders, self._folder_of = {}, array.array("i")
        self.extend(paths)

    def extend(self, paths: Iterable[str]) -> None:
        """Add paths at the end."""
        for path in paths:
            start = path.rfind(os.sep) + 1
            self._names += os.fsencode(path[start:])
            self._ends.append(len(self._names))
            self._folder_of.append(self._folders.setdefault(path[:start], len(self._folders)))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: int) -> str:
        return os.fsdecode(self._path(int(index)).numpy())

    def __iter__(self) -> Iterator[str]:
        names, folders = self._joined.numpy(), [*self._folders]
        for start, end, folder in zip(self._ends, self._ends[1:], self._folder_of):
            yield folders[folder] + os.fsdecode(names[start:end])

    def contents(self, index: Any) -> Any:
        """The bytes of the file at an int64 scalar tensor; can be traced."""
        return tf.io.read_file(self._path(index))

    def read(self, index: int) -> bytes:
        """The bytes of the file at an integer."""
        with open(self[index], "rb") as file:
            return file.read()

    def problem(self, index: int) -> str | None:
        """Why the file at an integer is not to be opened, or `None`."""
        return file_problem(self[index])

    def all_problems(self) -> dict[int, str]:
        """Dict from index to the reason why a file is not to be opened."""
        problems = ((index, file_problem(path)) for index, path in enumerate(self))
        return {index: problem for index, problem in problems if problem}

    def place(self, index: Any) -> Any:
        """The path at an int64 scalar tensor, for messages; can be traced."""
        return self._path(index)

    def _path(self, index):
        start, end = tf.gather(self._borders, index), tf.gather(self._borders, index + 1)
        folder = tf.gather(self._prefixes, tf.gather(self._prefix_of, index))
        return folder + tf.strings.substr(self._joined, start, end - start)

    @functools.cached_property
    def _joined(self):
        names, self._names = bytes(self._names), None
        return host_tensor(names)

    @functools.cached_property
    def _borders(self):
        ends = host_tensor(np.array(self._ends))
        self._ends = ends.numpy()  # the memory of the tensor
        return ends

    @functools.cached_property
    def _prefixes(self):
        return host_tensor([os.fsencode(folder) for folder in self._folders])

    @functools.cached_property
    def _prefix_of(self):
        folder_of = host_tensor(np.array(self._folder_of))
        self._folder_of = folder_of.numpy()
        return folder_of
