"""Names and texts from outside, as they are printed: nothing in them moves a terminal's cursor.

Names of files and classes may hold newlines, escape sequences and bytes that are no text.
"""

import os
import shlex
from typing import Any


def printable(name: Any) -> str:
    """Return a name of a file or class on one line: quoted where it would not print as it is.

    Args:
        name: str, bytes, path, or what `str` makes a name of.

    Returns:
        str without newlines or sequences that move the cursor of a terminal.

    Example:

    >>> from kerasrecipes.serving import printable
    >>> print(printable("cat.jpg"), printable("cat\\n.jpg"))
    cat.jpg 'cat\\n.jpg'
    """
    name = os.fsdecode(name) if isinstance(name, (bytes, os.PathLike)) else str(name)
    return name if name.isprintable() else repr(name)


def visible(text):
    """Return a text with what does not print as it is written as in Python; newlines stay.

    >>> print(visible("red \\x1b[31m"))
    red \\x1b[31m
    """
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in str(text))


def shell_word(name):
    """Return a name as a word of a command line, ready to paste.

    >>> print(shell_word("runs/one"), shell_word("my runs"), shell_word("it's\\n"))
    runs/one 'my runs' $'it\\'s\\x0a'
    """
    name = os.fsdecode(name)
    if name.isprintable():
        return shlex.quote(name)
    return f"$'{''.join(map(_in_shell, name))}'"


def _in_shell(character):
    if character.isprintable():
        return f"\\{character}" if character in "\\'" else character
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))
