"""The folder of a run: locked by one process, with atomic writes."""

import contextlib
import csv
import datetime
import io
import itertools
import json
import os
import pathlib
import shutil
from typing import Any

from kerasrecipes._atomic_write import PART, atomic_write, remove_parts
from kerasrecipes._backend.processes import by_first, is_first
from kerasrecipes._folder_lock import NAME as LOCK
from kerasrecipes._folder_lock import FolderLock
from kerasrecipes._printable import printable
from kerasrecipes._warning import warn

CHECKS = ("preflight.json", "preflight.png")  # all that a run leaves that is not trained


class RunFolder:
    """A folder that one process at a time writes to: of several that train together, the first.

    Args:
        path: path of the folder, or `None` for a new one in `runs/RECIPE`.
        recipe: str, name of the recipe.
    """

    def __init__(self, path: Any, recipe: str) -> None:
        self.path = pathlib.Path(path) if path is not None else None
        self._recipe = recipe
        self._lock = None
        self._made = []
        self._config = None

    def holds_files(self) -> bool:
        """Return whether the folder has files of a run: no locks, checks or incomplete writes."""
        return by_first(self._holds_files)

    def _holds_files(self):
        if self.path is None or not self.path.exists():
            return False
        if not self.path.is_dir():
            raise ValueError(
                f"Argument `output` must be a folder. Received: output={printable(self.path)}"
            )
        names = (path.name for path in self.path.iterdir())
        return any(name not in (LOCK, *CHECKS) and not name.startswith(PART) for name in names)

    def acquire(self) -> None:
        """Create the folder if it does not exist, and lock it until `release`."""
        self.path = by_first(self._acquire)

    def _acquire(self):
        if self.path is None:
            self.path = self._make_new()
        else:
            self._make(self.path)
        self._lock = FolderLock(self.path)
        self._lock.acquire()
        remove_parts(self.path)
        return self.path

    def release(self) -> None:
        """Unlock the folder."""
        if self._lock is not None:
            self._lock.release()

    def abandon(self) -> None:
        """Undo `acquire`: remove the folder of a run that has not started."""
        if self._made and self.path.exists():
            (self.path / "config.json").unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                (self.path / "state").rmdir()
        self.release()
        for folder in self._made:
            with contextlib.suppress(OSError):
                folder.rmdir()

    def write_config(self, config: Any) -> None:
        """Write `config.json`; it is written again if the folder is removed during the run."""
        self._config = config
        self.write("config.json", json.dumps(config, indent=2) + "\n")

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file of the folder, text or bytes."""
        if not is_first():
            return
        data = content.encode("utf-8", "replace") if isinstance(content, str) else content
        self._recreate()
        with atomic_write(self.path / name) as temporary:
            temporary.write_bytes(data)

    def write_model(self, model: Any) -> None:
        """Write `model.keras`."""
        by_first(self._write_model, model)

    def _write_model(self, model):
        self._recreate()
        with atomic_write(self.path / "model.keras") as temporary:
            model.save(temporary)

    def write_history(self, history: Any) -> None:
        """Write `history.csv`, one row per epoch."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["epoch", *history])
        epochs = max((len(values) for values in history.values()), default=0)
        for epoch in range(epochs):
            writer.writerow([epoch + 1, *(repr(float(v[epoch])) for v in history.values())])
        self.write("history.csv", stream.getvalue())

    def read(self, name: str, *keys: str) -> dict[str, Any]:
        """Return the content of a JSON file of the folder, which must have these keys."""
        return by_first(self._read, name, *keys)

    def _read(self, name, *keys):
        try:
            content = json.loads((self.path / name).read_text(encoding="utf-8"))
            return {**content, **{key: content[key] for key in keys}}
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                "Argument `output` must be the folder of a run to resume. Received: "
                f"output={printable(self.path)} with a damaged {name}"
            ) from error

    def has_state(self) -> bool:
        """Return whether there is a state from which the run can be resumed."""
        states = self.path / "state"
        return any(path.is_file() and path.name != LOCK for path in states.rglob("*"))

    def remove_state(self) -> None:
        """Remove the states of a finished run."""
        by_first(self._remove_state)

    def _remove_state(self):
        shutil.rmtree(self.path / "state", ignore_errors=True)

    def _make(self, path):
        """Create a folder and its parents, and remember the new ones, the deepest first."""
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
        try:
            for folder in reversed(missing):
                folder.mkdir(exist_ok=True)
        except OSError as error:
            raise ValueError(
                f"Argument `output` must be a folder that can be made ({error.strerror}). "
                f"Received: output={printable(path)}"
            ) from error
        self._made = missing
        if not os.access(path, os.W_OK):
            raise PermissionError(f"The folder {str(path)!r} cannot be written")

    def _make_new(self):
        """Create `runs/RECIPE/TIME`, or a numbered variant if it exists."""
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

    def _recreate(self):
        if self.path.is_dir():
            return
        warn(f"The folder {str(self.path)!r} was removed during the run: it is created again.")
        self.path.mkdir(parents=True)
        self._lock.acquire()
        if self._config is not None:
            self.write_config(self._config)
