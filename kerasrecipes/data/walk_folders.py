"""The files of a folder at any depth."""

import os
from collections.abc import Iterator


def walk_folders(folder: str | os.PathLike[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder, from `folder` down, with its files, both in the order of their names.

    Hidden files and folders are left out. Links to folders are followed, but not to one that is
    above.

    Raises:
        OSError: If a folder cannot be read.
    """
    root = os.path.abspath(folder)
    above = {os.fspath(folder): set(map(_identity, _parents(root)))}
    for parent, folders, files in os.walk(folder, onerror=_raise, followlinks=True):
        here = above.pop(parent) | {_identity(parent)}
        folders[:] = sorted(
            name
            for name in folders
            if name[0] != "." and _identity(os.path.join(parent, name)) not in here
        )
        above |= {os.path.join(parent, name): here for name in folders}
        yield parent, sorted(name for name in files if name[0] != ".")


def _parents(path):
    while (parent := os.path.dirname(path)) != path:
        yield parent
        path = parent


def _identity(path):
    status = os.stat(path)
    return status.st_dev, status.st_ino


def _raise(error):
    raise error
