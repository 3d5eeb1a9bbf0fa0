"""The one way to write a file: a kill or a power cut leaves the old file or the new one, whole."""

import contextlib
import os
import pathlib
import shutil

PART = ".part-"


@contextlib.contextmanager
def atomic_write(path):
    """Give a temporary path beside `path` to write a file or a folder to; then put it in place.

    Where the block ends, what was written is synced to the disk and renamed to `path`, and the
    folder is synced. Where the block raises, the temporary file is removed and `path` stays as it
    was. The temporary name keeps the extension, which `keras.Model.save` asks for.

    >>> import pathlib, tempfile
    >>> from kerasrecipes._atomic_write import atomic_write
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
    """Remove what a kill left half-written in `folder`."""
    for temporary in pathlib.Path(folder).glob(f"{PART}*"):
        _remove(temporary)


def sync_folder(folder):
    """Make the names in `folder` survive a power cut, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sync(path):
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    for name in files:
        with open(name, "rb+") as file:
            os.fsync(file.fileno())


def _remove(path):
    with contextlib.suppress(OSError):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
