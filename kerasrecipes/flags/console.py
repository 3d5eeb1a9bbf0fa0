"""The command `kerasrecipes`: runs the recipes wherever the package is installed."""

import os
import pathlib
import runpy
import shutil
import sys
import textwrap

from kerasrecipes._printable import visible
from kerasrecipes._validation import did_you_mean
from kerasrecipes.flags.called_as import COMMANDS
from kerasrecipes.flags.command_line import BAD_INPUT, BROKEN_PIPE, detach_output
from kerasrecipes.version import __version__

PACKAGE = pathlib.Path(__file__).resolve().parent.parent
INSTALLED, CLONED = PACKAGE / "recipes", PACKAGE.parent / "recipes"
SUMMARIES = {
    "train": "a residual network from scratch: on the sample, or --data FOLDER",
    "finetune": "a network pretrained on ImageNet, on your photos: --data FOLDER",
    "predict": "label photos with a trained model: MODEL PHOTO ...",
    "preflight": "check images, network and settings of `train`, write nothing",
    "search": "find good settings of a recipe",
    "run": "run any recipe by its name: run NAME",
    "show": "print the script of a recipe, to copy it: show NAME > mine.py",
}


def console() -> None:
    """Run a recipe as a command: `kerasrecipes train --data FOLDER`.

    `train`, `finetune`, `predict`, `preflight` and `search` are recipes; `run NAME` runs any, and
    `show NAME` prints its script. The flags and the exit status are those of the script.

    Raises:
        SystemExit: with status 0 after `--help` and `--version`, 2 for an unknown command or
            recipe.

    Example:

    >>> import sys
    >>> from kerasrecipes_flags import console
    >>> sys.argv = ["kerasrecipes", "--version"]
    >>> console()
    Traceback (most recent call last):
    SystemExit: 0
    """
    command, *arguments = sys.argv[1:] or ["--help"]
    if command in ("-h", "--help", "help"):
        _print_and_exit(usage())
    if command == "--version":
        _print_and_exit(f"kerasrecipes {__version__}")
    if command in COMMANDS:
        recipe, flags = COMMANDS[command]
        _run(recipe, f"kerasrecipes {command}", [*arguments, *flags])
    elif command in ("run", "show"):
        if arguments[:1] in ([], ["-h"], ["--help"]):
            _print_and_exit(usage())
        recipe = _checked(arguments[0])
        if command == "show":
            _print_and_exit(recipe_file(recipe).read_text(encoding="utf-8").rstrip())
        _run(recipe, f"kerasrecipes run {recipe}", arguments[1:])
    else:
        _fail(_unknown(command))


def usage():
    """Return the commands and the recipes, a line each."""
    recipes = {name: _summary(name) for name in recipe_names()}
    return "\n".join(
        [
            "usage: kerasrecipes COMMAND [FLAGS]    (COMMAND --help lists its flags)",
            "\ncommands:",
            *_columns(SUMMARIES),
            "\nrecipes for `run` and `show`:",
            *_columns(recipes),
        ]
    )


def recipe_names():
    """Return the names of all recipes, sorted."""
    return sorted(path.stem for path in _folder().glob("*.py"))


def recipe_file(name):
    """Return the path of a recipe."""
    return _folder() / f"{name}.py"


def _folder():
    return INSTALLED if INSTALLED.is_dir() else CLONED


def _summary(name):
    with open(recipe_file(name), encoding="utf-8") as file:
        return file.readline().strip().strip('"')


def _columns(rows):
    indent = max(map(len, rows)) + 4
    width = max(indent + 20, shutil.get_terminal_size((100, 24)).columns)
    return [
        textwrap.fill(text, width, initial_indent=f"  {name}".ljust(indent),
                      subsequent_indent=" " * indent)
        for name, text in rows.items()
    ]  # fmt: skip


def _run(recipe, command, arguments):
    path = str(recipe_file(recipe))
    if not os.path.exists(path):
        _fail(f"{path} is missing: install the package again")
    sys.argv = [path, *arguments]
    runpy.run_path(path, {"__command__": command}, "__main__")


def _checked(name):
    known = recipe_names()
    if name not in known:
        _fail(f"no recipe {name!r}{did_you_mean(name, known)} (recipes: {', '.join(known)})")
    return name


def _unknown(command):
    if command in recipe_names():
        return f"no command {command!r}; did you mean 'run {command}'?"
    meant = did_you_mean(command, [*SUMMARIES, "--help", "--version"])
    return f"no command {command!r}{meant} (commands: {', '.join(SUMMARIES)})"


def _print_and_exit(text):
    try:
        print(text, flush=True)
    except BrokenPipeError:
        detach_output()
        sys.exit(BROKEN_PIPE)
    sys.exit(0)


def _fail(text):
    print(f"kerasrecipes: error: {visible(text)}", file=sys.stderr)
    sys.exit(BAD_INPUT)
