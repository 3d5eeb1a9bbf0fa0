"""The provenance of a run: its command and the versions of its packages."""

import dataclasses
import importlib.metadata
import os
import platform
import sys

import keras

from kerasrecipes._printable import shell_word
from kerasrecipes.version import __version__

NOT_IN_COMMAND = ("output", "resume", "tensorboard")


def command_of(recipe, config):
    """Return the command of a run to paste anywhere: flags that are not defaults, files absolute.

    The folder of the run is not in it: the command is for another one.
    """
    words = ["python", shell_word(_script(recipe))]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value == field.default or field.name in NOT_IN_COMMAND:
            continue
        name = field.name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no-{name}")
        else:
            value = str(value)
            value = os.path.abspath(value) if os.path.exists(value) else value
            words.append(f"--{name} {shell_word(value)}")
    return " ".join(words)


def _script(recipe):
    """Return the path of the script that runs if it is the recipe, else its usual one."""
    script = getattr(sys.modules["__main__"], "__file__", None) or ""
    named = os.path.basename(script) == f"{recipe}.py"
    return os.path.abspath(script) if named else f"recipes/{recipe}.py"


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
