"""Loads a weights file of Keras into a network, or raises a one-line error."""

import os
import warnings


def load_weights_file(model, path):
    """Load a `.h5`, `.weights.h5` or `.keras` file that matches the model.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file does not match the model.
    """
    check_exists(path)
    try:
        with warnings.catch_warnings():
            # Keras only warns when it skips layers.
            warnings.filterwarnings("error", message="Skipping")
            model.load_weights(path)
    except Exception as error:  # Keras and HDF5 raise many kinds.
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"Argument `weights` must be a weights file of this network, {model.name!r}, with a "
            f"classifier only if the model has one. Keras says: {reason}. Received: "
            f"weights={os.fspath(path)!r}"
        ) from error


def check_exists(path):
    """Raise unless there is a file at `path`."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(
            "Argument `weights` must be 'imagenet', None or the path of a weights file. Received: "
            f"weights={path!r} (of type {type(path).__name__})"
        )
    if not os.path.isfile(path):
        raise FileNotFoundError(
            "Argument `weights` must be 'imagenet', None or the path of a weights file; there is "
            f"no such file. Received: weights={os.fspath(path)!r}"
        )
