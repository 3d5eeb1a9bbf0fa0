"""TensorFlow, imported when a name of it is first used, so that arrays do without it."""

import importlib
from typing import Any

from kerasrecipes._backend.requirement import require_tensorflow
from kerasrecipes._quiet_import import quiet_import


class _TensorFlow:
    """Stands for the module `tensorflow`: an attribute of it imports it."""

    def __getattr__(self, name):
        if name.startswith("__"):  # asked for by tools that look through a module
            raise AttributeError(name)
        require_tensorflow("Image files, `tf.data` and this transform")
        with quiet_import():
            value = getattr(importlib.import_module("tensorflow"), name)
        setattr(self, name, value)
        return value


tf: Any = _TensorFlow()
