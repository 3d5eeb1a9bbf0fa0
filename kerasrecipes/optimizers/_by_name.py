"""Finds the number of each variable in a dict with layer names as keys: `{"stage1_*": 0.1}`."""

import fnmatch
import re

from kerasrecipes._backend.keras_internals import direct_sublayers

WILDCARDS = re.compile(r"[*?\[]")


def value_of(path, values, default):
    """Return the value of the key that matches the variable's `path` best, or `default`.

    A key is one name or several joined by `/`. It matches a path that contains these names one
    after another: those of a layer, of nested layers or of a variable. The match that ends deepest
    in the path is used; of two that end equally deep, the one without wildcards.

    >>> value_of("block/conv/kernel", {"block": 0.1, "conv": 0.5, "*/bias": 2.0}, 1.0)
    0.5
    """
    ranks = {key: _rank(path, key) for key in values}
    best = max(ranks.values(), default=None, key=lambda rank: rank or (0, False))
    if not best:
        return default
    matches = {values[key] for key, rank in ranks.items() if rank == best}
    if len(matches) > 1:
        keys = [key for key, rank in ranks.items() if rank == best]
        raise ValueError(f"The keys {keys} give different values to the variable {path!r}.")
    return matches.pop()


def paths_in(model):
    """Return {id of a variable: its path through the names of the nested layers}.

    A variable's `path` attribute records where it was created: it lacks the name of a functional
    model that was created first and then called inside another.
    """
    paths = {}

    def visit(layer, prefix):
        inside = {id(v) for part in direct_sublayers(layer) for v in part.variables}
        for variable in layer.variables:
            if id(variable) not in inside:
                paths.setdefault(id(variable), f"{prefix}/{variable.name}")
        for part in direct_sublayers(layer):
            visit(part, f"{prefix}/{part.name}")

    visit(model, model.name)
    return paths


def unused(paths, values):
    """Return the keys that match none of these paths."""
    return [key for key in values if not any(_rank(path, key) for path in paths)]


def _rank(path, key):
    """Return (depth at which the match ends, whether the key is literal), or `None`: no match."""
    names, wanted = path.split("/"), key.split("/")
    literal = not WILDCARDS.search(key)
    for end in range(len(names), len(wanted) - 1, -1):
        part = names[end - len(wanted) : end]
        if all(map(_is_called, part, wanted)):
            return end, literal
    return None


def _is_called(name, pattern):
    return name == pattern or fnmatch.fnmatchcase(name, pattern)
