"""Image files in folders."""

import os
import pathlib
from collections.abc import Iterable, Iterator

from kerasrecipes.data.folder_listing import SUFFIXES
from kerasrecipes.data.walk_folders import walk_folders


def find_images(paths: Iterable[str], recursive: bool = False) -> Iterator[str]:
    """Yield files as they are given, and the image files of folders, sorted by name.

    Image files are told by their suffix; hidden files and folders are left out. Links to folders
    are followed, but not to one that is above.

    Args:
        paths: Names of files and folders.
        recursive: bool, whether to look into folders of folders. Defaults to `False`.

    Raises:
        ValueError: If a folder has no image files.
        OSError: If a folder cannot be read.

    Example:

    >>> import pathlib, tempfile
    >>> from kerasrecipes import serving
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("b.jpg", "a.png", "notes.txt"):
    ...     (folder / name).touch()
    >>> [pathlib.Path(path).name for path in serving.find_images([str(folder)])]
    ['a.png', 'b.jpg']
    """
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        empty = True
        for found in _in_folder(path, recursive):
            empty = False
            yield found
        if empty:
            advice = "" if recursive else "; --recursive also looks into the folders in it"
            raise ValueError(f"{path}: no image files in this folder{advice}")


def _in_folder(folder, recursive):
    for parent, files in walk_folders(folder):
        for name in files:
            if pathlib.Path(name).suffix.lower() in SUFFIXES:
                yield os.path.join(parent, name)
        if not recursive:
            return
