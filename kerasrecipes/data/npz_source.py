"""Images in an `.npz` file."""

import pathlib
import zipfile
import zlib

import numpy as np

from kerasrecipes.data.array_source import KEYS, read_arrays
from kerasrecipes.data.image_source import SETS

KNOWN_KEYS = {f"{letter}_{name}" for letter in "xy" for name in SETS} | {"class_names"}


def read_npz(path):
    """The sets in an `.npz` file, with the keys `x_train`, `y_train`, `x_test`, `y_test`.

    `x_validation`, `y_validation` and `class_names` are optional, other keys are left alone.
    """
    path = pathlib.Path(path)
    return read_arrays(_load(path), name=path.stem, where=str(path))


def _load(path):
    # Pickles stay refused: reading one can run code.
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [key for key in KEYS if key not in file.files]
            if missing:
                raise KeyError(
                    f"missing {', '.join(missing)}; it holds {', '.join(file.files) or 'nothing'}"
                )
            return {key: file[key] for key in file.files if key in KNOWN_KEYS}
    except KeyError as error:
        raise ValueError(f"{path}: {error.args[0]}") from error
    except ValueError as error:
        raise ValueError(
            f"{path}: not an .npz file of plain arrays, as numpy.savez writes it "
            f"({_first_line(error)})"
        ) from error
    except (OSError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path}: cannot be read ({_first_line(error)})") from error


def _first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0]
