"""The numbered state files of one run, the newest first."""

import contextlib
import os
import re

from kerasrecipes._atomic_write import PART, remove_parts
from kerasrecipes._backend.processes import by_first
from kerasrecipes._printable import printable
from kerasrecipes._warning import warn
from kerasrecipes.callbacks import _state_file
from kerasrecipes.callbacks._writable_folder import make_folder

FILE_NAME = re.compile(r"state-(\d{8})\.bin")


class StateFolder:
    """A folder of states: written atomically, the newest complete one read, old ones removed.

    Args:
        directory: path of the folder.
        keep: int >= 1, how many states stay.
    """

    def __init__(self, directory, keep):
        self.directory = directory
        self.keep = keep
        self._newest = None

    def make(self):
        """Make the folder, or raise a `ValueError` if it cannot be written."""
        make_folder(self.directory, "directory", self.directory)

    def newest(self):
        """Return the newest state that can be read, {} if there is none; read once.

        Of several processes, the first reads it, and all get the same.
        """
        if self._newest is None:
            self._newest = by_first(self._read_newest)
        return self._newest

    def forget(self):
        """Read the files again at the next `newest`."""
        self._newest = None

    def write(self, state):
        """Write `state` as the newest; a failure costs a warning and leaves the one before.

        A folder that is gone is made again.
        """
        path = os.path.join(self.directory, "")
        try:
            os.makedirs(self.directory, exist_ok=True)
            number = max(self._files(), default=0) + 1
            path = os.path.join(self.directory, f"state-{number:08d}.bin")
            _state_file.write(path, state)
        except OSError as error:
            warn(
                f"Resume could not write {printable(path)} ({error.strerror}); the state before "
                "it stays. The next one will be tried.",
            )
        else:
            self._remove_old()

    def names_of_parts(self):
        """Return the names of the folders inside it, which hold states of their own."""
        return by_first(self._names_of_parts)

    def _names_of_parts(self):
        names = sorted(os.listdir(self.directory)) if os.path.isdir(self.directory) else []
        folders = [name for name in names if os.path.isdir(os.path.join(self.directory, name))]
        return [name for name in folders if not name.startswith((PART, "state-"))]

    def _read_newest(self):
        files = self._files().values()
        state = next(filter(None, map(_read, files)), {})
        if files and not state:
            raise ValueError(
                "Argument `directory` must hold a state that can be read, or none; remove its "
                f"files to begin again. Received: directory={str(self.directory)!r}"
            )
        return state

    def _files(self):
        """Return {sequence number: path}, the newest first."""
        try:
            names = os.listdir(self.directory)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        matches = filter(None, map(FILE_NAME.fullmatch, names))
        numbers = {int(match[1]): match[0] for match in matches}
        return {n: os.path.join(self.directory, numbers[n]) for n in sorted(numbers, reverse=True)}

    def _remove_old(self):
        """Remove what need not be kept; what cannot be removed stays."""
        with contextlib.suppress(OSError):
            files = [path for path in self._files().values() if os.path.isfile(path)]
            for path in files[self.keep :]:
                os.remove(path)
        remove_parts(self.directory)


def _read(path):
    try:
        return _state_file.read(path)
    except (_state_file.BadStateFile, OSError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        warn(f"Resume does not use {printable(path)}: {reason}.")
        return None
