"""The file of a model."""

import hashlib
import os
import pathlib

from kerasrecipes._printable import printable


def model_file(path: str | os.PathLike[str]) -> pathlib.Path:
    """Return the file of a model: `path`, or `model.keras` in it if it is the folder of a run.

    Raises:
        ValueError: If there is none.

    Args:
        path: path of a model, or of the folder of a run.

    Example:

    >>> import pathlib, tempfile
    >>> from kerasrecipes import serving
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "model.keras").touch()
    >>> serving.model_file(folder).name
    'model.keras'
    """
    path = pathlib.Path(path)
    file = path / "model.keras" if path.is_dir() else path
    if path.is_dir() and not file.exists():
        raise ValueError(
            f"{printable(path)}: the folder has no model.keras, so it is not the folder of a "
            "finished run"
        )
    if not file.exists():
        raise ValueError(f"{printable(path)}: no such file or folder")
    return file


def file_hash(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Args:
        path: path of the file.

    Example:

    >>> import os, tempfile
    >>> from kerasrecipes import serving
    >>> path = os.path.join(tempfile.mkdtemp(), "empty")
    >>> open(path, "w").close()
    >>> serving.file_hash(path)[:8]
    'e3b0c442'
    """
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(2**20):
            sha.update(block)
    return sha.hexdigest()
