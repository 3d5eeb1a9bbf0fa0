"""Atomic writes: after a kill or a power cut, the complete old or new file exists."""

import contextlib
import os
import pathlib
import shutil
from collections.abc import Iterator
from typing import Any

from kerasrecipes._folder_lock import NAME as LOCK

PART = ".part-"


@contextlib.contextmanager
def atomic_write(path: Any) -> Iterator[pathlib.Path]:
    """Yield a temporary path next to `path` for a file or a folder, then rename it to `path`.

    At the end of the block the new file is synced to the disk and renamed to `path`, and the folder
    is synced. If the block raises, the temporary file is removed and `path` is not changed. The
    temporary name has the extension of `path`, as `keras.Model.save` requires.

    Args:
        path: str or path of the file or folder, which is replaced if it exists.

    Returns:
        A context manager that gives the temporary path, a `pathlib.Path`.

    Raises:
        OSError: If the file cannot be written or renamed.

    Example:

    >>> import pathlib, tempfile
    >>> from kerasrecipes.serving import atomic_write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "metrics.json")
    ...     with atomic_write(path) as temporary:
    ...         _ = temporary.write_text("{}")
    ...     [found.name for found in path.parent.iterdir()]
    ['metrics.json']
    """
    path = pathlib.Path(path)
    temporary = path.with_name(f"{PART}{path.name}")
    try:
        yield temporary
        _sync(temporary)
        if path.is_dir():
            shutil.rmtree(path)
        os.replace(temporary, path)
    except BaseException:
        _remove(temporary)
        raise
    sync_folder(path.parent)


def remove_parts(folder):
    """Remove incomplete temporary files that a killed process left in `folder`."""
    for temporary in pathlib.Path(folder).glob(f"{PART}*"):
        _remove(temporary)


def sync_folder(folder):
    """Sync the entries of `folder` to the disk, if the system supports it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sync(path):
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    for name in files:
        if name.name == LOCK:
            continue  # closing it would end the lock
        with open(name, "rb+") as file:
            os.fsync(file.fileno())


def _remove(path):
    with contextlib.suppress(OSError):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
