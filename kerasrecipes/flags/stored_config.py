"""The settings of a finished run as the defaults of the next one."""

import argparse
import dataclasses
import json
import os
import re
import sys

from kerasrecipes._validation import check_integer

HELP = (
    "metrics.json of a run, or its folder: its settings are the defaults of all flags, and "
    "--no-FLAG turns one off"
)
NOT_AGAIN = ("output", "resume", "dry_run", "preset")  # of one run alone


def add_config_flag(parser, config_class):
    """Add `--config FILE` to the parser of a recipe that has runs."""
    if not has_runs(config_class):
        return
    parser.add_argument_group("settings of another run").add_argument(
        "--config", metavar="FILE", default=argparse.SUPPRESS, help=HELP
    )


def has_runs(config_class):
    """Return whether a dataclass of flags is that of a recipe with runs."""
    return "output" in [field.name for field in dataclasses.fields(config_class)]


def stored_defaults(config_class, arguments):
    """Return the settings in the file of `--config` among the arguments, {} without it.

    With `--scale-rate` they say which batch size their learning rate is for: that of the run.

    Raises:
        ValueError, TypeError: If it is no file of a run of this recipe.
    """
    given, stored = _given(arguments), _stored(config_class, arguments)
    settings = {name: value for name, value in stored.items() if name not in NOT_AGAIN}
    if not stored or not hasattr(config_class, "rate_batch_size"):
        return settings
    if given.scale_rate and not stored.get("scale_rate"):
        images = [
            stored.get(name, getattr(config_class, name))
            for name in ("batch_size", "accumulation_steps")
        ]
        for name, value in zip(("batch_size", "accumulation_steps"), images):
            check_integer(name, value, "[1, 1000000]")
        settings["rate_batch_size"] = images[0] * images[1]
    elif given.scale_rate is False:
        settings["rate_batch_size"] = None
    return settings


def stored_sentence(config_class, arguments):
    """Return which flags neither the run of `--config` nor the arguments have: the defaults."""
    stored = _stored(config_class, arguments)
    names = [field.name for field in dataclasses.fields(config_class)]
    new = [name for name in names if name not in (*stored, *NOT_AGAIN, "rate_batch_size")]
    words = sys.argv[1:] if arguments is None else arguments
    given = {re.sub("^--(no-)?", "--", word.partition("=")[0]) for word in words}
    new = [flag for flag in (f"--{name.replace('_', '-')}" for name in new) if flag not in given]
    if not stored or not new:
        return ""
    flags = ", ".join(new)
    return f"The run of --config is from before these flags, which have their defaults: {flags}."


def _given(arguments):
    """The arguments that say what is taken of which run."""
    finder = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    finder.add_argument("--config", default=None, nargs="?")
    finder.add_argument("--scale-rate", action=argparse.BooleanOptionalAction)
    return finder.parse_known_args(arguments)[0]


def _stored(config_class, arguments):
    """The settings in the file of `--config`, {} without it."""
    path = _given(arguments).config if has_runs(config_class) else None
    if path is None:
        return {}
    path = os.path.join(path, "metrics.json") if os.path.isdir(path) else path
    try:
        with open(path, encoding="utf-8") as file:
            stored = json.load(file)["config"]
        names = [*stored]
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not the metrics.json of a run") from error
    known = {field.name for field in dataclasses.fields(config_class)}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"{path}: is of another recipe, which has --{unknown[0].replace('_', '-')}"
        )
    return dict(stored)
