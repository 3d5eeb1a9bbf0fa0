"""The folder of a run: made by one process, written whole or not at all."""

import contextlib
import csv
import datetime
import io
import itertools
import json
import os
import pathlib
import shutil
import warnings

from kerasrecipes._atomic_write import PART, atomic_write, remove_parts
from kerasrecipes._folder_lock import NAME as LOCK
from kerasrecipes._folder_lock import FolderLock


class RunFolder:
    """A folder that one process at a time writes to.

    Args:
        path: path of the folder, or `None` for a new one in `runs/RECIPE`.
        recipe: str, name of the recipe.
    """

    def __init__(self, path, recipe):
        self.path = pathlib.Path(path) if path is not None else None
        self._recipe = recipe
        self._lock = None
        self._made = []
        self._config = None

    def holds_files(self):
        """Whether anything but locks and half-written files is there."""
        if self.path is None or not self.path.exists():
            return False
        if not self.path.is_dir():
            raise ValueError(f"Argument `output` must be a folder. Received: output={self.path}")
        names = (path.name for path in self.path.iterdir())
        return any(name != LOCK and not name.startswith(PART) for name in names)

    def acquire(self):
        """Make the folder if need be and hold it until `release`."""
        if self.path is None:
            self.path = self._make_new()
        else:
            self._make(self.path)
        self._lock = FolderLock(self.path)
        self._lock.acquire()
        remove_parts(self.path)

    def release(self):
        """Let other processes have the folder."""
        if self._lock is not None:
            self._lock.release()

    def abandon(self):
        """Leave the disk as it was before `acquire`, for a run that has not begun."""
        if self._made and self.path.exists():
            (self.path / "config.json").unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                (self.path / "state").rmdir()
        self.release()
        for folder in self._made:
            with contextlib.suppress(OSError):
                folder.rmdir()

    def write_config(self, config):
        """Write `config.json`, what the run was asked to do; written again if the folder goes."""
        self._config = config
        self.write("config.json", json.dumps(config, indent=2) + "\n")

    def write(self, name, content):
        """Write a file of the folder, text or bytes."""
        data = content.encode("utf-8", "replace") if isinstance(content, str) else content
        self._make_again()
        with atomic_write(self.path / name) as temporary:
            temporary.write_bytes(data)

    def write_model(self, model):
        """Write `model.keras`."""
        self._make_again()
        with atomic_write(self.path / "model.keras") as temporary:
            model.save(temporary)

    def write_history(self, history):
        """Write `history.csv`, a row an epoch."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["epoch", *history])
        epochs = max((len(values) for values in history.values()), default=0)
        for epoch in range(epochs):
            writer.writerow([epoch + 1, *(repr(float(v[epoch])) for v in history.values())])
        self.write("history.csv", stream.getvalue())

    def read(self, name, *keys):
        """The content of a JSON file of the folder, which must have these keys."""
        try:
            content = json.loads((self.path / name).read_text(encoding="utf-8"))
            return {**content, **{key: content[key] for key in keys}}
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                "Argument `output` must be the folder of a run to resume. Received: "
                f"output={self.path}, whose {name} is damaged"
            ) from error

    def has_state(self):
        """Whether there is a state that a run could go on from."""
        states = self.path / "state"
        return any(path.is_file() and path.name != LOCK for path in states.rglob("*"))

    def remove_state(self):
        """Remove the states of a run that is finished."""
        shutil.rmtree(self.path / "state", ignore_errors=True)

    def _make(self, path):
        """Make a folder and its parents, and remember which, the deepest first."""
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
        self._made = missing
        if not os.access(path, os.W_OK):
            raise PermissionError(f"The folder {str(path)!r} cannot be written")

    def _make_new(self):
        """Make `runs/RECIPE/TIME`, which no other process has made."""
        parent = pathlib.Path("runs") / self._recipe
        self._make(parent)
        time = datetime.datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
        for number in itertools.count(1):
            path = parent / (time if number == 1 else f"{time}_{number}")
            with contextlib.suppress(FileExistsError):
                path.mkdir()
                self._made.insert(0, path)
                return path
        raise AssertionError

    def _make_again(self):
        if self.path.is_dir():
            return
        warnings.warn(
            f"The folder {str(self.path)!r} was removed while the run went on: it is made again.",
            stacklevel=3,
        )
        self.path.mkdir(parents=True)
        self._lock.acquire()
        if self._config is not None:
            self.write_config(self._config)
