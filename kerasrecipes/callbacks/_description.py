"""What a state says about the training that it is of, compared readably when that goes on.

A description is {name: text}. Only what changes the result is in it: layers get other names, paths
move and unseeded layers draw another seed in each process, and none of that is described.
"""

import base64
import hashlib
import inspect
import itertools
import marshal
import platform
import sys
import types

import keras
import numpy as np

from kerasrecipes.version import __version__

VERSIONS = "version of "
# The state holds where seeds have led, and variables have shapes of their own; where a callback
# writes is not part of the result.
NOT_DESCRIBED = (
    "seed", "build_config", "build_input_shape",
    "filepath", "directory", "log_dir", "backup_dir", "verbose",
)  # fmt: skip
OF_VARIABLES = (" shape", " dtype")
WITH_BATCH = ("batch_shape", "batch_input_shape")


def describe_model(model):
    """Describe layers, optimizer, loss and metrics; {} where a subclass cannot be serialized."""
    return {
        "backend": keras.backend.backend(),
        "dtype policy": model.dtype_policy.name,
        **_flatten("model", _config(model)),
    }


def describe_callbacks(named_callbacks):
    """Describe {name: callback} by their options."""
    description = {}
    for name, callback in named_callbacks.items():
        description[f"callback {name}"] = "present"
        for option in inspect.signature(type(callback).__init__).parameters:
            value = getattr(callback, option, None)
            if option not in NOT_DESCRIBED and isinstance(value, (str, int, float)):
                description[f"callback {name}.{option}"] = repr(value)
    return description


def describe_versions():
    """Describe the libraries that compute."""
    backend = keras.backend.backend()
    return {
        f"{VERSIONS}python": platform.python_version(),
        f"{VERSIONS}kerasrecipes": __version__,
        f"{VERSIONS}keras": keras.version(),
        f"{VERSIONS}numpy": np.__version__,
        f"{VERSIONS}{backend}": sys.modules[backend].__version__,
    }


def differing_names(stored, here, allowed=()):
    """Return the names of the entries that differ and are not allowed to."""
    return [
        name
        for name in {**stored, **here}
        if stored.get(name) != here.get(name) and not is_allowed(name, allowed)
    ]


def is_allowed(name, allowed):
    """Whether `allowed` has the name's last word, or its callback: `patience`, `BestSnapshot`."""
    if name.endswith(OF_VARIABLES):  # their values could not be assigned
        return False
    words = _words(name)
    is_of_allowed_callback = words[0] == "callback" and words[1] in allowed
    return is_of_allowed_callback or words[-1] in allowed or name in allowed


def difference_lines(stored, here, names, most=5, where="state"):
    """Return a readable line for each difference, and how many more there are.

    Data that are known by two names, such as an argument of `fit` and one of `Resume`, are one.

    >>> difference_lines({"data x": "A", "data images": "A"}, {"data x": "B", "data images": "B"},
    ...                  ["data x", "data images"])
    ['data x, images: A in the state, B here']
    """
    differences = {}
    for name in names:
        texts = stored.get(name, "absent"), here.get(name, "absent")
        differences.setdefault((name.split()[0], *texts), []).append(name)
    lines = [
        f"{', '.join([first, *(name.split(maxsplit=1)[-1] for name in others)])}: {before} in the "
        f"{where}, {now} here"
        for (_, before, now), (first, *others) in differences.items()
    ]
    more = len(lines) - most
    return [*lines[:most], f"and {more} more"] if more > 0 else lines


def word_to_allow(names):
    """Return what `allow` would have to hold for the first difference."""
    words = _words(names[0])
    is_new = words[0] == "callback" and f"callback {words[1]}" in names
    return words[1] if is_new else words[-1]


def _words(name):
    return [word for word in name.replace(" ", ".").split(".") if not word.isdigit()]


def _config(model):
    """Return the model's and its compilation's configuration, or {} where there is none."""
    try:
        config = keras.saving.serialize_keras_object(model)
    except Exception:  # a subclassed model may raise anything in get_config
        return {}
    described = {}
    for key in ("config", "compile_config"):
        names = {}
        _collect_names(config.get(key), names)
        described[key] = _rename(config.get(key), names)
    return described


def _collect_names(config, names):
    """Number the names in the order they appear: `dense` and `dense_7` are the same layer."""
    if isinstance(config, dict):
        name = config.get("name")
        if isinstance(name, str):
            names.setdefault(name, f"#{len(names)}")
    for value in _children(config):
        _collect_names(value, names)


def _rename(config, names):
    if isinstance(config, dict):
        if config.get("class_name") == "__lambda__":
            return {"lambda": _digest_of_lambda(config)}
        return {
            key: _rename(_without_batch(key, value), names)
            for key, value in config.items()
            if key not in NOT_DESCRIBED
        }
    if isinstance(config, (list, tuple)):
        return [_rename(value, names) for value in config]
    return names.get(config, config) if isinstance(config, str) else config


def _without_batch(key, value):
    """Return the shape of one example: a built `Sequential` tells the size of its first batch."""
    return value[1:] if key in WITH_BATCH and isinstance(value, (list, tuple)) else value


def _digest_of_lambda(config):
    """Return a hash of what a lambda computes, not of the file and line that it stands in."""
    parts = config.get("config", config.get("value"))
    if isinstance(parts, dict) and "value" in parts:  # of a loss or metric
        parts = parts["value"]
    code = parts["code"] if isinstance(parts, dict) else parts[0]
    rest = [parts[key] for key in ("defaults", "closure")] if isinstance(parts, dict) else parts[1:]
    try:
        meaning = _meaning(marshal.loads(base64.b64decode(code)))
    except (ValueError, EOFError, TypeError):
        meaning = code
    return hashlib.sha256(repr((meaning, rest)).encode()).hexdigest()[:16]


def _meaning(code):
    constants = [_meaning(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts]
    return code.co_code, code.co_names, code.co_varnames, constants


def _children(config):
    if isinstance(config, dict):
        return config.values()
    return config if isinstance(config, (list, tuple)) else ()


def _flatten(prefix, config):
    if isinstance(config, dict):
        parts = config.items()
    elif isinstance(config, (list, tuple)):
        parts = enumerate(config)
    else:
        plain = isinstance(config, (str, int, float, bool, type(None)))
        return {prefix: repr(config) if plain else type(config).__name__}
    flat = [_flatten(f"{prefix}.{key}", value).items() for key, value in parts]
    return dict(itertools.chain.from_iterable(flat))
