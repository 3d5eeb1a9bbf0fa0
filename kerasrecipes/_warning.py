"""Warns about the line of the user's code, not one of this package, Keras or a backend."""

import importlib.util
import os
import sys
import warnings

SPECS = map(importlib.util.find_spec, ("keras", "tensorflow", "jax", "torch"))
FILES = [os.path.abspath(__file__), *(spec.origin for spec in SPECS if spec and spec.origin)]
FOLDERS = tuple(os.path.dirname(file) + os.sep for file in FILES)


def warn(message: str) -> None:
    """Warn with a `UserWarning` at the innermost line outside of this package, Keras and backends.

    A `stacklevel` cannot be counted where Keras calls: its depth depends on the backend.

    Args:
        message: str.
    """
    frame, level = sys._getframe(1), 1
    while frame is not None and frame.f_code.co_filename.startswith(FOLDERS):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level + 1)
