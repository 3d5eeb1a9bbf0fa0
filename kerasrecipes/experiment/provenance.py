"""The provenance of a run: its command and the versions of its packages."""

import dataclasses
import importlib.metadata
import os
import platform

import keras

from kerasrecipes._printable import shell_word
from kerasrecipes.version import __version__

NOT_IN_COMMAND = ("output", "resume", "tensorboard", "seed")


def command_of(recipe, config):
    """Return the command of a run, with the flags that are not defaults; no seed, no folder."""
    words = ["python", f"recipes/{recipe}.py"]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value == field.default or field.name in NOT_IN_COMMAND:
            continue
        name = field.name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no-{name}")
        else:
            value = os.path.basename(value) if field.name == "data" else value
            words.append(f"--{name} {shell_word(str(value))}")
    return " ".join(words)


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
