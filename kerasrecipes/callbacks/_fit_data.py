"""What the data of the running `fit` are: shapes, sizes, and hashes of arrays.

Keras does not tell callbacks what `fit` was called with, so it is read from the arguments in the
frame of the call. Their names are those of the public signature.
"""

import collections.abc
import hashlib

import keras
import numpy as np

from kerasrecipes._backend.keras_internals import locals_of_fit

ARGUMENTS = ("x", "y", "sample_weight", "validation_data", "class_weight", "batch_size")
WHOLE_BYTES = 2**26
SAMPLED_ROWS = 4096


def describe_data(model, goes_on):
    """Return {name: text} of what the running `fit` of `model` was given.

    Args:
        model: the model whose `fit` runs in this thread.
        goes_on: bool, whether the training data begin at another step in a resumed run, so that
            their length is no property of the data.
    """
    arguments = locals_of_fit(model)
    description = {}
    for name in ARGUMENTS:
        value = arguments.get(name)
        if value is None:
            continue
        is_open = goes_on and name in ("x", "y", "sample_weight")
        for path, part in _parts(value):
            description[f"data {name}{path}"] = _describe(part, is_open)
    return description


def begin_again(model):
    """Whether each epoch of the running `fit` of `model` iterates over its data from the start."""
    return locals_of_fit(model).get("steps_per_epoch") is None


def look_once(model, look):
    """Call `look(spec)` right before the next step of `model`, with its data's `element_spec`."""
    train_function = model.train_function

    def look_and_train(iterator):
        look(getattr(iterator, "element_spec", None))
        if model.train_function is look_and_train:
            model.train_function = train_function
        return train_function(iterator)

    look_and_train.__wrapped__ = train_function  # so that others see what it wraps
    model.train_function = look_and_train


def describe_given(data):
    """Return {name: text} of a description that the user gives: a dict, or any plain value."""
    if data is None:
        return {}
    items = data.items() if isinstance(data, collections.abc.Mapping) else [("given", data)]
    return {f"data {name}": _describe(value, False) for name, value in items}


def _parts(value, path=""):
    """Yield (path, leaf) of nested tuples, lists and dicts."""
    if isinstance(value, dict):
        for key in value:
            yield from _parts(value[key], f"{path}[{key!r}]")
    elif isinstance(value, tuple) or (isinstance(value, list) and _holds_arrays(value)):
        for number, part in enumerate(value):
            yield from _parts(part, f"{path}[{number}]")
    else:
        yield path, value


def _holds_arrays(values):
    return any(hasattr(value, "shape") and len(value.shape) for value in values)


def _describe(value, is_open):
    if value is None or isinstance(value, (str, bool, int, float)):
        return repr(value)
    if isinstance(value, np.ndarray) or keras.ops.is_tensor(value):
        array = np.asarray(keras.ops.convert_to_numpy(value))
        return f"{array.dtype} {array.shape} {_hash(array)}"
    images = getattr(value, "source", value)  # a pipeline's, or these are images themselves
    if hasattr(images, "fingerprints"):
        hashes = [_hash(np.asarray(part)) for part in (images.fingerprints, images.labels)]
        return f"{len(images)} images {hashes[0]}, labels {hashes[1]}"
    if isinstance(value, (tuple, list)):
        return f"{len(value)} values {_hash(np.asarray(value))}"
    words = [type(value).__name__]
    if hasattr(value, "element_spec"):
        words.append(str(value.element_spec))
    if not is_open:
        words += [word for word in (_length(value),) if word]
    return " ".join(words)


def _hash(array):
    """Return a hash of the content, of evenly spaced rows where an array is large."""
    if array.nbytes > WHOLE_BYTES:
        array = array[:: max(1, len(array) // SAMPLED_ROWS)]
    if array.dtype.hasobject:
        array = array.astype(str)
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def _length(value):
    """Return how many batches or examples there are, where the data say so."""
    if hasattr(value, "cardinality"):
        return f"of {int(value.cardinality())} batches"
    if hasattr(value, "num_batches"):
        return f"of {value.num_batches} batches"
    dataset = getattr(value, "dataset", value)
    try:
        return f"of {len(dataset)}"
    except TypeError:
        return ""
