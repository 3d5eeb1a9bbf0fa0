"""Errors of the machine (disk, files, memory) as one line: they are no bugs, and name the flags."""

import re

from kerasrecipes._backend.out_of_memory import is_out_of_memory, names_of_tensorflow
from kerasrecipes._printable import visible

FILES = {"NotFoundError", "PermissionDeniedError", "DataLossError", "UnavailableError"}
# What TensorFlow and Keras write around the words on a file.
NOISE = (
    r"Graph execution error:|Detected at node \S+ defined at \(most recent call last\):",
    r"<stack traces unavailable>|\{\{function_node [^}]*\}\}|\[\[\{\{.*|\[Op:.*",
    r"Error in user-defined function passed to .*? Iterator::\S+:|Iterator::\S+:",
    r"assertion failed:",
)
LOWER = ("batch_size", "size", "depth")
LONGEST = 2000


def is_of_the_machine(error):
    """Return whether an error is one of files, memory or numbers that are too large."""
    if isinstance(error, (OSError, MemoryError, OverflowError)) or is_out_of_memory(error):
        return True
    names = names_of_tensorflow(error)
    return bool(names & FILES) or (bool(names) and "Iterator::" in str(error))


def one_line(error, config=None):
    """Return an error as one line, with escape sequences in file names made visible.

    Args:
        error: an exception or a text.
        config: the dataclass of flags, whose flags are named if memory ran out.

    >>> one_line(ValueError("two\\nlines of \\x1b[2J"))
    'two lines of \\\\x1b[2J'
    """
    text = str(error)
    if names_of_tensorflow(error):
        for pattern in NOISE:
            text = re.sub(pattern, " ", text, flags=re.S)
    text = " ".join(text.split()) or type(error).__name__
    if is_out_of_memory(error):
        text = f"Out of memory{_advice(config)}. {text}"
    return visible(text[:LONGEST])


def _advice(config):
    """Return which flags to lower, with their values."""
    values = {name: getattr(config, name, None) for name in LOWER}
    words = [
        f"--{name.replace('_', '-')}" + (f" ({value})" if value is not None else "")
        for name, value in values.items()
        if hasattr(config, name)
    ]
    return f": lower {' or '.join(words)}" if words else ""
