"""Errors by which each backend says that memory ran out."""

import re

NAMES = {"ResourceExhaustedError", "OutOfMemoryError"}
TEXT = re.compile(
    r"RESOURCE_EXHAUSTED|can't allocate memory|[Cc]annot allocate memory|[Oo]ut of memory"
    r"|Dst tensor is not initialized"  # TensorFlow, of a copy to a GPU
)


def is_out_of_memory(error):
    """Return whether memory ran out, on any backend: each has an error of its own."""
    if isinstance(error, MemoryError):
        return True
    names = {kind.__name__ for kind in type(error).__mro__}
    is_backend = isinstance(error, (RuntimeError, OSError)) or bool(names_of_tensorflow(error))
    return bool(names & NAMES) or (is_backend and bool(TEXT.search(str(error))))


def names_of_tensorflow(error):
    """Return the names of the classes of TensorFlow that an error is an instance of."""
    kinds = type(error).__mro__
    return {kind.__name__ for kind in kinds if kind.__module__.startswith("tensorflow")}
