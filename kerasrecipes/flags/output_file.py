"""Checks the name of a file that a script is to write, before any work is done."""

import os
import pathlib
from collections.abc import Iterable


def check_output_file(name: str, path: str, suffix: str, inputs: Iterable[str] = ()) -> None:
    """Raise unless a file can be written there.

    Args:
        name: str, the argument, for the message.
        path: str, the file.
        suffix: str, its extension, such as `".png"`.
        inputs: Files that it must not overwrite. Defaults to none.

    Raises:
        ValueError: If the extension is another, the folder does not exist or cannot be written, or
            the file is one of the inputs.
    """
    file = pathlib.Path(path)
    if file.suffix.lower() != suffix or file.is_dir():
        raise ValueError(
            f"Argument `{name}` must be a file that ends in {suffix}. Received: {name}={path}"
        )
    if not file.parent.is_dir() or not os.access(file.parent, os.W_OK):
        raise ValueError(
            f"Argument `{name}` must be in a folder that can be written. Received: {name}={path}"
        )
    if file.resolve() in [pathlib.Path(other).resolve() for other in inputs]:
        raise ValueError(
            f"Argument `{name}` must not be one of the inputs. Received: {name}={path}"
        )
