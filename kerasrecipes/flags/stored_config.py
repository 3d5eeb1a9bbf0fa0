"""The settings of a finished run as the defaults of the next one."""

import argparse
import dataclasses
import json
import os

HELP = (
    "metrics.json of a run, or its folder: its settings are the defaults of all flags, and "
    "--no-FLAG turns one off"
)
NOT_AGAIN = ("output", "resume", "dry_run")  # of one run alone


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

    Raises:
        ValueError: If it is no file of a run of this recipe.
    """
    if not has_runs(config_class):
        return {}
    finder = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    finder.add_argument("--config", default=None, nargs="?")
    path = finder.parse_known_args(arguments)[0].config
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
    return {name: value for name, value in stored.items() if name not in NOT_AGAIN}
