"""The provenance of a run: its command and the versions of its packages."""

import dataclasses
import importlib.metadata
import os
import platform
import sys

import keras

from kerasrecipes._printable import shell_word
from kerasrecipes.flags.called_as import called_as, command_of_script
from kerasrecipes.flags.presets import preset_settings
from kerasrecipes.version import __version__

NOT_IN_COMMAND = ("output", "resume", "tensorboard")


def command_of(recipe, config):
    """Return the command of a run to paste anywhere: flags that are not defaults, files absolute.

    The folder of the run is not in it: the command is for another one.
    """
    words = [_call(recipe)]
    config, settings = _preset_of(config)
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value == settings.get(field.name, field.default) or field.name in NOT_IN_COMMAND:
            continue
        name = field.name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no-{name}")
        else:
            value = str(value)
            value = os.path.abspath(value) if os.path.exists(value) else value
            words.append(f"--{name} {shell_word(value)}")
    return " ".join(words)


def _preset_of(config):
    """Return a config and the settings of its preset, which it loses if no flags say the rest."""
    if not getattr(config, "preset", None):
        return config, {}
    settings = preset_settings(type(config), config.data)
    # No flag says `None`, where the paper has a value.
    if any(getattr(config, name) is None for name in settings):
        return dataclasses.replace(config, preset=None), {}
    return config, settings


def _call(recipe):
    """Return the words that call the recipe: as it was called if it runs, else its usual path."""
    script = os.path.abspath(getattr(sys.modules["__main__"], "__file__", None) or "")
    path = os.path.join(os.path.dirname(script), f"{recipe}.py")
    known = path == script or (called_as() and os.path.exists(path))
    return command_of_script(path) if known else f"python recipes/{recipe}.py"


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
