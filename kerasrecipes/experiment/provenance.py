"""The provenance of a run: its command and the versions of its packages."""

import dataclasses
import glob
import importlib.metadata
import os
import platform
import sys

import keras

from kerasrecipes._printable import shell_word
from kerasrecipes._shard_kinds import split_shard_source
from kerasrecipes.flags.called_as import called_as, command_of_script
from kerasrecipes.flags.presets import preset_settings
from kerasrecipes.version import __version__

NOT_IN_COMMAND = ("output", "resume", "tensorboard")


def command_of(recipe, config, anywhere=True):
    """Return the command of a run to paste anywhere: flags that are not defaults, files absolute.

    The folder of the run is not in it: the command is for another one. With `anywhere=False`, files
    are as they were given, and the recipe as in this repository: others see the command.
    """
    words = [_call(recipe, anywhere)]
    config, settings = _preset_of(config)
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value == settings.get(field.name, field.default) or field.name in NOT_IN_COMMAND:
            continue
        name = field.name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no-{name}")
        else:
            text = _anywhere(field, str(value)) if anywhere else str(value)
            words.append(f"--{name} {shell_word(text)}")
    return " ".join(words)


def _anywhere(field, value):
    """The value of a flag as it is said in another folder: paths that are there are absolute."""
    kind, pattern = split_shard_source(value)
    if field.name == "data" and kind is not None:
        pattern, here = os.path.expanduser(pattern), os.getcwd()
        here = here if os.path.isdir(pattern) else glob.escape(here)
        return f"{kind}:{os.path.normpath(os.path.join(here, pattern))}"
    is_path = field.name == "data" or os.sep in value  # not a column or a choice called as a folder
    return os.path.abspath(value) if is_path and os.path.exists(value) else value


def _preset_of(config):
    """Return a config and the settings of its preset, which it loses if no flags say the rest."""
    if not getattr(config, "preset", None):
        return config, {}
    settings = preset_settings(type(config), config.data, config.preset)
    # No flag says `None`, where the paper has a value.
    if any(getattr(config, name) is None for name in settings):
        return dataclasses.replace(config, preset=None), {}
    return config, settings


def _call(recipe, anywhere):
    """Return the words that call the recipe: as it was called if it runs, else its usual path."""
    script = os.path.abspath(getattr(sys.modules["__main__"], "__file__", None) or "")
    path = os.path.join(os.path.dirname(script), f"{recipe}.py")
    known = path == script or (called_as() and os.path.exists(path))
    is_shown = known and (anywhere or called_as())
    return command_of_script(path) if is_shown else f"python recipes/{recipe}.py"


def versions():
    """Return the versions of Python, the packages and the platform."""
    packages = ("tensorflow", "tensorflow-cpu", "jax", "torch", "numpy")
    installed = {name: _installed_version(name) for name in packages}
    return {
        "python": platform.python_version(),
        "kerasrecipes": __version__,
        "keras": keras.version(),
        "backend": keras.backend.backend(),
        **{name: version for name, version in installed.items() if version},
        "platform": platform.platform(),
    }


def _installed_version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
