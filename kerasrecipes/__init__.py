"""Keras recipes for training image networks: layers, callbacks, input pipelines, recipes.

The rooms (each `__init__` is a table of contents):

`ops`, `layers`, `losses`, `schedules`, `callbacks`, `optimizers`, `models`, `inference`,
`transfer`, `initializers`, `preflight` (checks before a long run) run on every Keras backend.
`augment` and `data` are built on `tf.data` and work with any backend; so do `evaluation` (metrics,
test protocols, figures), `serving` (models that take pixels, reading of image files, export) and
`experiment` (run folder and report of the recipes). `flags` is the command line of the recipes,
`search` a random search over those flags.
"""

import importlib
import os
import sys

# Before TensorFlow is imported, which reads it once: without it every start prints lines about
# the build and the processor. Errors are still logged, and exceptions say what failed.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from kerasrecipes._quiet_import import quiet_import

# Their classes are registered, so that saved models load. A script that imports
# `kerasrecipes_flags` first reads its flags before.
if "kerasrecipes_flags" not in sys.modules:
    with quiet_import():
        from kerasrecipes import (
            callbacks,
            inference,
            initializers,
            layers,
            losses,
            models,
            ops,
            optimizers,
            schedules,
            transfer,
        )
from kerasrecipes.version import __version__

_ROOMS = (
    "callbacks",
    "inference",
    "initializers",
    "layers",
    "losses",
    "models",
    "ops",
    "optimizers",
    "schedules",
    "transfer",
)
_LAZY_ROOMS = (
    "augment", "data", "evaluation", "experiment", "flags", "preflight", "search", "serving",
)  # fmt: skip

__all__ = [
    "__version__",
    "callbacks",
    "inference",
    "initializers",
    "layers",
    "losses",
    "models",
    "ops",
    "optimizers",
    "schedules",
    "transfer",
    *_LAZY_ROOMS,
]


def __getattr__(name):
    if name in _ROOMS or name in _LAZY_ROOMS:
        with quiet_import():
            for room in _ROOMS:
                importlib.import_module(f"kerasrecipes.{room}")
        return importlib.import_module(f"kerasrecipes.{name}")
    raise AttributeError(f"module 'kerasrecipes' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_ROOMS, *_LAZY_ROOMS})
