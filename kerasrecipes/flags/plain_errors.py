"""Errors and Ctrl-C as one line, in a script without flags."""

import functools
import sys

from kerasrecipes.flags import quiet_interruption
from kerasrecipes.flags.called_as import as_called, program
from kerasrecipes.flags.command_line import BAD_INPUT, is_expected
from kerasrecipes.flags.machine_errors import one_line

CTRL_C = 128 + 2


def plain_errors(usage: str | None = None) -> None:
    """End the script without a traceback after Ctrl-C and bad input, as `command_line` does.

    From this call on, Ctrl-C ends the process with status 130: at once, or when a `fit` with a
    `Resume` has written its state. Errors that this package raises, and those of the machine (a
    missing file, a full disk), are one line on standard error, with status 2. Any other error is a
    bug, and keeps its traceback. Call it before the slow imports.

    Args:
        usage: str, printed where the script is called without arguments or with `--help`, which
            then ends with status 0. Defaults to `None`: arguments are not looked at.

    Raises:
        SystemExit: with status 0, if `usage` was printed.

    Example:

    >>> from kerasrecipes_flags import plain_errors
    >>> plain_errors()
    """
    if usage is not None and sys.argv[1:] in ([], ["-h"], ["--help"]):
        print(as_called(usage))
        sys.exit(0)
    quiet_interruption.begin()
    sys.excepthook = functools.partial(_end, program())


def _end(name, kind, error, traceback):
    if isinstance(error, KeyboardInterrupt):
        sys.exit(CTRL_C)
    if not is_expected(error.with_traceback(traceback)):
        sys.__excepthook__(kind, error, traceback)
        return
    print(f"{name}: error: {one_line(error)}", file=sys.stderr)
    sys.exit(BAD_INPUT)
