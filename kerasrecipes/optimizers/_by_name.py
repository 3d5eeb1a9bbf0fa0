"""Numbers for variables, by the names of layers: how `{"stage1_*": 0.1}` is read."""

import fnmatch
import re

from kerasrecipes._backend.keras_internals import direct_sublayers

WILDCARDS = re.compile(r"[*?\[]")


def value_of(path, values, default):
    """Return the value whose key names the variable with this `path` most closely.

    A key is one name or several joined by `/`, and names what has these names one after another
    in its path: a layer, a layer of layers, a variable. The key that reaches furthest into the path
    counts; of two that reach as far, the one without wildcards.

    >>> value_of("block/conv/kernel", {"block": 0.1, "conv": 0.5, "*/bias": 2.0}, 1.0)
    0.5
    """
    ranks = {key: _rank(path, key) for key in values}
    best = max(ranks.values(), default=None, key=lambda rank: rank or (0, False))
    if not best:
        return default
    found = {values[key] for key, rank in ranks.items() if rank == best}
    if len(found) > 1:
        keys = [key for key, rank in ranks.items() if rank == best]
        raise ValueError(f"The keys {keys} say different things about the variable {path!r}.")
    return found.pop()


def paths_in(model):
    """Return {id of a variable: its path by the names of the layers it lies in}.

    A variable's own `path` tells where it was made: it lacks the name of a functional model that
    was made before and called inside another.
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
    """Return the keys that name none of the variables with these paths."""
    return [key for key in values if not any(_rank(path, key) for path in paths)]


def _rank(path, key):
    """(How many names of the path the key reaches, whether it is literal), `None`: no match."""
    names, wanted = path.split("/"), key.split("/")
    literal = not WILDCARDS.search(key)
    for end in range(len(names), len(wanted) - 1, -1):
        part = names[end - len(wanted) : end]
        if all(map(_is_called, part, wanted)):
            return end, literal
    return None


def _is_called(name, pattern):
    return name == pattern or fnmatch.fnmatchcase(name, pattern)
