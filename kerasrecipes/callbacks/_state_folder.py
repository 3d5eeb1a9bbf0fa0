"""The numbered state files of one run, the newest first."""

import os
import re
import warnings

from kerasrecipes.callbacks import _state_file
from kerasrecipes.callbacks._writable_folder import make_folder

FILE_NAME = re.compile(r"state-(\d{8})\.bin")


class StateFolder:
    """A folder of states: written atomically, the newest whole one read, old ones removed.

    Args:
        directory: path of the folder.
        keep: integer >= 1, how many states stay.
    """

    def __init__(self, directory, keep):
        self.directory = directory
        self.keep = keep
        self._newest = None

    def make(self):
        """Make the folder, or raise a `ValueError` if it cannot be written."""
        make_folder(self.directory, "directory", self.directory)

    def newest(self):
        """Return the newest state that is whole, {} if there is none; read once."""
        if self._newest is None:
            files = self._files().values()
            self._newest = next(filter(None, map(_read, files)), {})
            if files and not self._newest:
                raise ValueError(
                    "Argument `directory` must hold a state that can be read, or none; remove its "
                    f"files to begin anew. Received: directory={str(self.directory)!r}"
                )
        return self._newest

    def forget(self):
        """Read the files anew at the next `newest`."""
        self._newest = None

    def write(self, state):
        """Write `state` as the newest; a failure costs a warning and leaves the one before."""
        number = max(self._files(), default=0) + 1
        path = os.path.join(self.directory, f"state-{number:08d}.bin")
        try:
            _state_file.write(path, state)
            self._remove_old()
        except OSError as error:
            warnings.warn(
                f"Resume could not write {path} ({error.strerror}); the state before it stays.",
                stacklevel=3,
            )

    def _files(self):
        """Return {sequence number: path}, the newest first."""
        if not os.path.isdir(self.directory):
            return {}
        found = {FILE_NAME.fullmatch(name): name for name in os.listdir(self.directory)}
        numbers = {int(match[1]): name for match, name in found.items() if match}
        return {n: os.path.join(self.directory, numbers[n]) for n in sorted(numbers, reverse=True)}

    def _remove_old(self):
        for path in list(self._files().values())[self.keep :]:
            os.remove(path)
        for name in os.listdir(self.directory):
            if name.endswith(".tmp") and FILE_NAME.fullmatch(name.removesuffix(".tmp")):
                os.remove(os.path.join(self.directory, name))


def _read(path):
    try:
        return _state_file.read(path)
    except _state_file.BadStateFile as problem:
        warnings.warn(f"Resume does not use {path}: {problem}.", stacklevel=2)
        return None
