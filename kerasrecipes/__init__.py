"""Keras recipes for training image networks: layers, callbacks, input pipelines, recipes.

Rooms, each a table of contents of its own:

`ops`, `layers`, `losses`, `schedules`, `callbacks`, `optimizers`, `models`, `inference`,
`transfer` run on every Keras backend. `augment` and `data` are built on `tf.data` and feed any
backend; so do `evaluation` (metrics, test protocols, figures), `serving` (a model that takes
pixels, reading image files, export) and `experiment` (what the recipes share: command line, run
folder, report).
"""

import importlib

from kerasrecipes import (
    callbacks,
    inference,
    layers,
    losses,
    models,
    ops,
    optimizers,
    schedules,
    transfer,
)
from kerasrecipes.version import __version__

_LAZY_ROOMS = ("augment", "data", "evaluation", "experiment", "serving")

__all__ = [
    "__version__",
    "callbacks",
    "inference",
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
    if name in _LAZY_ROOMS:
        return importlib.import_module(f"kerasrecipes.{name}")
    raise AttributeError(f"module 'kerasrecipes' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_LAZY_ROOMS})
