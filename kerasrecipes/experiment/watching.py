"""Functions that are called after each epoch of a run, from outside of the recipe."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras

_functions: list[Any] = []


@contextlib.contextmanager
def watching(function: Any) -> Iterator[None]:
    """Call `function(epoch, logs)` after each epoch of every run inside the block.

    What it raises ends the run, which can be resumed.

    Args:
        function: Function of the number of the epoch, from 0, and its dict of metrics.

    Returns:
        A context manager.
    """
    _functions.append(function)
    try:
        yield
    finally:
        _functions.remove(function)


def watchers() -> list[Any]:
    """Return a callback for each function that watches now."""
    return [keras.callbacks.LambdaCallback(on_epoch_end=function) for function in _functions]
