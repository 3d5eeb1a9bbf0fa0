"""A `.keras` file with all that it leaves out, written so that a kill leaves a whole one."""

import contextlib
import os
import zipfile

from kerasrecipes.callbacks import _state_file
from kerasrecipes.callbacks._writable_folder import make_folder

ENTRY = "kerasrecipes.state"


def check_path(filepath):
    """Raise unless `filepath` is a path that ends with .keras."""
    if not isinstance(filepath, (str, os.PathLike)):
        raise TypeError(
            "Argument `filepath` must be a path. Received: "
            f"filepath={filepath!r} (of type {type(filepath).__name__})"
        )
    if not str(filepath).endswith(".keras"):
        raise ValueError(
            f"Argument `filepath` must end with '.keras'. Received: filepath={str(filepath)!r}"
        )


def check_folder(filepath):
    """Make the folder; raise a `ValueError` if it cannot be written."""
    folder = os.path.dirname(filepath) or "."
    make_folder(folder, "filepath", filepath, rule="lie in a folder")


def write(filepath, model, state):
    """Save the model and `state` in one file: a kill leaves the old one or the new one."""
    temporary = f"{filepath}.tmp.keras"
    try:
        model.save(temporary)
        with zipfile.ZipFile(temporary, "a") as archive, archive.open(ENTRY, "w") as entry:
            _state_file.write_body(entry, state)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, filepath)
    except BaseException:
        with contextlib.suppress(OSError):
            os.remove(temporary)
        raise
    _state_file.sync_folder(os.path.dirname(filepath))


def read(filepath):
    """Return the state in the file, or raise a `ValueError` that names the file."""
    try:
        with zipfile.ZipFile(filepath) as archive:
            return _state_file.parse(archive.read(ENTRY))
    except (zipfile.BadZipFile, KeyError, _state_file.BadStateFile) as error:
        raise ValueError(
            "Argument `filepath` must be a file that BestSnapshot wrote, or none at all. "
            f"Received: filepath={str(filepath)!r}"
        ) from error
