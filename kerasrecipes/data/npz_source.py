"""Images in an `.npz` file."""

import pathlib
import zipfile
import zlib

import numpy as np

from kerasrecipes._printable import printable, visible
from kerasrecipes.data.array_source import KEYS, read_arrays
from kerasrecipes.data.image_sets import SETS, few

KNOWN_KEYS = {f"{letter}_{name}" for letter in "xy" for name in SETS} | {"class_names"}


def read_npz(path):
    """The sets in an `.npz` file, with the keys `x_train`, `y_train`, `x_test`, `y_test`.

    `x_validation`, `y_validation` and `class_names` are optional, other keys are left alone.
    """
    path = pathlib.Path(path)
    return read_arrays(_load(path), name=printable(path.stem), where=printable(path))


def _load(path):
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"{printable(path)}: not an .npz file as numpy.savez writes it, or truncated"
        )
    try:
        with np.load(path, allow_pickle=False) as file:  # reading a pickle can run code
            held = file.files
            arrays = {key: file[key] for key in held if key in KNOWN_KEYS}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(
            f"{printable(path)}: not plain arrays, or corrupt ({visible(reason)})"
        ) from error
    missing = [key for key in KEYS if key not in held]
    if missing:
        raise ValueError(
            f"{printable(path)}: missing {', '.join(missing)}; it holds {few(held, 8) or 'nothing'}"
        )
    return arrays
