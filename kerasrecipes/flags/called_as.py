"""How the script that runs was called: by its path, or as a command of `kerasrecipes`."""

import os
import re
import sys

from kerasrecipes._printable import shell_word

# The recipe of each command, and the flags that the command adds.
COMMANDS = {
    "train": ("resnet_crop", ()),
    "finetune": ("finetune", ()),
    "predict": ("predict", ()),
    "preflight": ("resnet_crop", ("--preflight", "--dry-run")),
    "search": ("search", ()),
}
IN_TEXT = re.compile(r"python recipes/(\w+)\.py")
PAGE = "recipes/README.md"


def called_as():
    """Return the command whose script runs, such as `"kerasrecipes train"`; `None` for a path."""
    return getattr(sys.modules["__main__"], "__command__", None)


def program():
    """Return what messages call the script that runs."""
    return called_as() or os.path.basename(sys.argv[0])


def command_of_script(path):
    """Return the words that call a script, in the form that called the one that runs.

    Args:
        path: path of the script.
    """
    if called_as() and os.path.dirname(os.path.abspath(path)) == _folder():
        return _as_command(os.path.splitext(os.path.basename(path))[0])
    return f"python {shell_word(path)}"


def as_called(text):
    """Return a text that names recipes by their paths, in the form that called the script."""
    if not called_as() or not text:
        return text
    text = IN_TEXT.sub(lambda found: _as_command(found[1]), text)
    return text.replace(PAGE, os.path.join(_folder(), os.path.basename(PAGE)))


def _folder():
    return os.path.dirname(os.path.abspath(sys.modules["__main__"].__file__ or ""))


def _as_command(recipe):
    for command, (name, flags) in COMMANDS.items():
        if name == recipe and not flags:
            return f"kerasrecipes {command}"
    return f"kerasrecipes run {recipe}"
