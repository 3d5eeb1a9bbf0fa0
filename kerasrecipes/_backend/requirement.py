"""Raises an error that names the extra to install, where a library is missing."""

import functools
import importlib.util


@functools.cache
def has_tensorflow():
    """Return whether TensorFlow is installed, without importing it."""
    return importlib.util.find_spec("tensorflow") is not None


def require_tensorflow(what):
    """Raise an `ImportError` that names the extra, unless TensorFlow is installed.

    Args:
        what: str, what needs it, in the plural: the subject of the sentence.
    """
    if not has_tensorflow():
        raise ImportError(
            f"{what} need TensorFlow, whichever backend Keras runs on. Install it with: "
            "pip install 'kerasrecipes[cpu]' (or 'kerasrecipes[gpu]')."
        )


def require_scipy(function):
    """Raise an `ImportError` that names the extra, unless SciPy is installed."""
    if importlib.util.find_spec("scipy") is None:
        raise ImportError(
            f"`{function}` needs SciPy. Install it with: pip install 'kerasrecipes[lbfgs]'"
        )


def require_array_record():
    """Raise an `ImportError` that names the extra, unless `array_record` is installed."""
    if importlib.util.find_spec("array_record") is None:
        raise ImportError(
            "ArrayRecord shards need array_record, which has wheels for Linux and macOS. Install "
            "it with: pip install 'kerasrecipes[arrayrecord]'"
        )
