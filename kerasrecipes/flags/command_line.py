"""A command line from a dataclass, with the exit status of a recipe."""

import argparse
import contextlib
import dataclasses
import inspect
import os
import signal
import sys
import traceback
import typing
import warnings
from typing import Any, NoReturn

from kerasrecipes._quiet_import import quiet_import
from kerasrecipes._validation import did_you_mean
from kerasrecipes.flags import quiet_interruption
from kerasrecipes.flags.called_as import as_called, called_as
from kerasrecipes.flags.dry_run_ended import DryRunEnded
from kerasrecipes.flags.fields import plain_type
from kerasrecipes.flags.machine_errors import is_of_the_machine, one_line
from kerasrecipes.flags.presets import add_preset_flag, preset_defaults, preset_sentence
from kerasrecipes.flags.run_config import RunConfig
from kerasrecipes.flags.run_finished import RunFinished
from kerasrecipes.flags.run_place import check_run_place
from kerasrecipes.flags.stored_config import add_config_flag, stored_defaults, stored_sentence

PACKAGE_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
UNKNOWN = "unrecognized arguments: "  # how argparse begins its message
BAD_INPUT = 2
DIVERGED = 3
TERMINAL_CLOSED = 128 + 1  # the status of a process that SIGHUP ended
BROKEN_PIPE = 128 + 13  # the status of a process that SIGPIPE ended


def command_line(main: Any, config_class: Any, arguments: Any = None) -> NoReturn:
    """Parse flags into `config_class`, call `main(config)` and exit with its status.

    Status 0: done. 2: bad input, one line on standard error. 3: training diverged. 130: stopped
    by Ctrl-C; 143 by SIGTERM; 129 by SIGHUP. Errors of the machine (a full disk, a missing
    file) count as bad input. Any other error that neither the recipe nor this package raised is a
    bug, and keeps its traceback.

    Args:
        main: Function of a config that returns a dict; its key `"interrupted"` says whether
            a signal ended it.
        config_class: Dataclass with fields created by `flag`, which become the flags.
        arguments: List of strings, or `None` for `sys.argv`.

    Raises:
        SystemExit: Always.
    """
    parser, config = _parse(config_class, sys.modules[main.__module__].__doc__, arguments)
    from kerasrecipes._terminal import is_lost_output, output_may_be_lost

    with quiet_import():
        from kerasrecipes.callbacks import _interruption  # imports Keras

    try:
        quiet_interruption.end()
        with _interruption.raised(), _warnings_in_one_line(parser.prog):
            for sentence in (stored_sentence(config_class, arguments), preset_sentence(config)):
                print(sentence, end="\n" if sentence else "")
            result = main(config)
        sys.stdout.flush()
    except (RunFinished, DryRunEnded) as finished:
        print(finished)
        sys.exit(0)
    except BrokenPipeError:
        detach_output()
        sys.exit(_interruption.exit_status() if _interruption.has_come() else BROKEN_PIPE)
    except KeyboardInterrupt as interrupt:
        number = getattr(interrupt, "number", signal.SIGINT)
        with output_may_be_lost():
            print(f"\nStopped at once by {_interruption.name_of(number)}.", file=sys.stderr)
        sys.exit(128 + number)
    except Exception as error:
        if isinstance(error, OSError) and is_lost_output(error):
            detach_output()
            sys.exit(TERMINAL_CLOSED)
        if not is_expected(error, main.__code__.co_filename):
            raise
        parser.fail(one_line(error, config))
    if result.get("interrupted"):
        sys.exit(_interruption.exit_status())
    sys.exit(DIVERGED if result.get("diverged") else 0)


def parse_first(config_class: Any) -> None:
    """End the script at `--help`, a refused flag or a path that cannot be, before its imports.

    It does nothing if the module of `config_class` is imported instead of run as a script.
    `command_line` parses the flags again, and calls `main`. Until then, Ctrl-C ends the process at
    once and without a traceback, with status 130.

    Args:
        config_class: Dataclass with fields created by `flag`, in the script.

    Raises:
        SystemExit: with status 0 after `--help`, 2 after a refused flag or path.

    Example:

    >>> import dataclasses
    >>> from kerasrecipes_flags import flag, parse_first
    >>> @dataclasses.dataclass(frozen=True)
    ... class Config:
    ...     epochs: int = flag(10, "epochs of training", "[1, 1000]")
    >>> parse_first(Config)
    """
    if config_class.__module__ == "__main__":
        _refuse_place(*_parse(config_class, sys.modules["__main__"].__doc__, None))
        quiet_interruption.begin()


def _refuse_place(parser, config):
    """End the script where the data of a run are not, or its folder cannot be."""
    try:
        if isinstance(config, RunConfig):
            check_run_place(config)
    except (ValueError, OSError) as error:
        parser.fail(error)


def _parse(config_class, description, arguments):
    """Return the parser and the config, or exit at `--help` or a refused flag."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    parser = make_parser(config_class, description)
    try:
        parser.set_defaults(**stored_defaults(config_class, arguments))
        parser.set_defaults(**preset_defaults(config_class, arguments))
    except (ValueError, TypeError) as error:
        parser.fail(error)
    values = vars(parser.parse_args(arguments))
    values.pop("config", None)  # read already
    try:
        return parser, config_class(**values)
    except (ValueError, TypeError, OverflowError) as error:
        return parser.error(str(error))
    except OSError as error:
        return parser.fail(error)


def make_parser(config_class, description):
    """Return an `argparse` parser with a flag for each field of a dataclass.

    `--help` leaves out the fields in its `WITHOUT_EFFECT`, which it refuses with a reason.

    >>> @dataclasses.dataclass(frozen=True)
    ... class Config:
    ...     batch_size: int = dataclasses.field(default=8, metadata={"help": "images per step"})
    >>> make_parser(Config, "Trains.").parse_args(["--batch-size", "4"]).batch_size
    4
    """
    parser = _OneLineParser(
        prog=called_as(),
        description=as_called(description),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    hints = typing.get_type_hints(config_class)
    fields = {one.name: one for one in dataclasses.fields(config_class) if one.name != "preset"}
    for heading, names in _groups(config_class, fields):
        group = parser.add_argument_group(heading)
        for name in names:
            _add_flag(group, fields[name], plain_type(hints[name]))
    for action in parser._actions:
        if action.dest in getattr(config_class, "WITHOUT_EFFECT", ()):
            action.help = argparse.SUPPRESS
    add_config_flag(parser, config_class)
    add_preset_flag(parser, config_class)
    return parser


def _groups(config_class, fields):
    """Yield (heading, names of fields): those of the class itself first, then its bases'."""
    for owner in config_class.__mro__:
        own = [name for name in inspect.get_annotations(owner) if name in fields]
        fields = {name: field for name, field in fields.items() if name not in own}
        positional = [name for name in own if "positional" in _metadata(owner, name)]
        if positional:
            yield "arguments", positional
        if len(own) > len(positional):
            yield (
                vars(owner).get("HEADING", "flags of this script"),
                [name for name in own if name not in positional],
            )


def _metadata(owner, name):
    return owner.__dataclass_fields__[name].metadata


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message):
        """End the script because of a flag."""
        meant = ""
        if message.startswith(UNKNOWN):
            flags = [flag for flag in self._option_string_actions if flag.startswith("--")]
            typed = message.removeprefix(UNKNOWN).split()[0].split("=")[0]
            meant = did_you_mean(typed.replace("_", "-"), flags)
        self.fail(f"{one_line(message)}{meant} (--help lists the flags)")

    def fail(self, error):
        """End the script with one line."""
        print(f"{self.prog}: error: {one_line(error)}", file=sys.stderr)
        sys.exit(BAD_INPUT)


def _add_flag(parser, field, kind):
    name = "--" + field.name.replace("_", "-")
    text = field.metadata["help"].replace("%", "%%")
    if "positional" in field.metadata:
        metavar = field.name.upper()
        nargs = field.metadata["positional"]
        parser.add_argument(field.name, nargs=nargs, metavar=metavar, help=text)
    elif kind is bool and field.default is False:
        parser.add_argument(name, action="store_true", help=text)
        _add_negative(parser, field.name)
    elif kind is bool:
        action = argparse.BooleanOptionalAction
        text = f"{text} (default: {name if field.default else '--no' + name[1:]})"
        parser.add_argument(name, action=action, default=field.default, help=text)
    elif field.metadata.get("many"):
        parser.add_argument(name, nargs="+", default=field.default, metavar="TEXT", help=text)
    else:
        choices = field.metadata.get("choices")
        metavar = {int: "N", float: "X"}.get(kind, "TEXT")
        metavar = f"{{{','.join(choices)}}}" if choices else metavar
        parser.add_argument(
            name, type=kind, default=field.default, metavar=metavar, help=_with_range(text, field)
        )


def _add_negative(parser, name):
    """Add `--no-FLAG`, which only settings of another run need."""
    flag = "--no-" + name.replace("_", "-")
    off = {"action": "store_false", "default": argparse.SUPPRESS, "help": argparse.SUPPRESS}
    parser.add_argument(flag, dest=name, **off)


def _with_range(text, field):
    """Return the help of a flag with its range and its default, which the text may name itself."""
    text, bracket, default = text.partition(" (default: ")
    interval = field.metadata.get("interval")
    words = [f"in {interval}"] if interval else []
    if bracket:
        words.append(f"default: {default.removesuffix(')')}")
    elif field.default is not None:
        words.append(f"default: {field.default}")
    return f"{text} ({'; '.join(words)})" if words else text


@contextlib.contextmanager
def _warnings_in_one_line(prog):
    """Print warnings as errors are, without a line of source code, in the block."""

    def in_one_line(message, category, filename, lineno, line=None):
        return f"{prog}: warning: {one_line(message)}\n"

    former, warnings.formatwarning = warnings.formatwarning, in_one_line
    try:
        yield
    finally:
        warnings.formatwarning = former


def detach_output():
    """Send what is still buffered nowhere, as Python writes it when it exits."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_expected(error, script=PACKAGE_FOLDER):
    """Return whether the machine, the script or this package raised the error: it is no bug."""
    if is_of_the_machine(error):
        return True
    if not isinstance(error, (ValueError, TypeError, ImportError)):
        return False
    frames = traceback.extract_tb(error.__traceback__)
    file = os.path.abspath(frames[-1].filename)
    return file.startswith(PACKAGE_FOLDER + os.sep) or file == os.path.abspath(script)
