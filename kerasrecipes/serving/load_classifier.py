"""Loads a saved classifier, with a one-line error for every kind of failure."""

import json
import os
import zipfile
from typing import Any

import keras

from kerasrecipes._printable import printable, visible
from kerasrecipes.serving.classifier import Classifier
from kerasrecipes.serving.model_file import model_file
from kerasrecipes.serving.named_model import find_names_layer

LARGEST_RATIO = 20
LARGEST_UNCHECKED = 2**26


def load_classifier(path: str | os.PathLike[str]) -> Any:
    """Load the `model.keras` of a recipe, as a file or in the folder of its run.

    No code from the file is run: `safe_mode` is on.

    Args:
        path: str or path.

    Returns:
        A `Classifier`.

    Raises:
        ValueError: If the file does not exist, is not a Keras file, contains code or unknown
            layers, does not map images to classes, or has no class names.

    Example:

    >>> import os, tempfile
    >>> import keras
    >>> from kerasrecipes import serving
    >>> path = os.path.join(tempfile.mkdtemp(), "model.keras")
    >>> model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])
    >>> model.add(keras.layers.Dense(2, "softmax"))
    >>> _ = serving.save(model, None, ("cat", "dog"), path)
    >>> classifier = serving.load_classifier(path)
    >>> classifier.class_names, classifier.channels
    (('cat', 'dog'), 3)
    """
    file = model_file(path)
    model = _load(file)
    channels, size = _input_of(file, model)
    layer = find_names_layer(model)
    if layer is None:
        raise ValueError(
            f"{printable(file)}: has no class names, so it was not written by a recipe. Add a "
            "kerasrecipes.layers.ClassNames as the last layer and save the model again"
        )
    names = layer.class_names
    if tuple(model.outputs[0].shape[1:]) != (len(names),) or len(model.outputs) != 1:
        raise ValueError(
            f"{printable(file)}: must return one probability for each of {len(names)} classes. "
            f"Received: {[tuple(output.shape) for output in model.outputs]}"
        )
    return Classifier(model, names, channels, size, layer.task, layer.thresholds)


def _load(file):
    """Return the model of a file, or raise a one-line error."""
    try:
        with zipfile.ZipFile(file) as archive:
            _check_size(file, archive)
            config = json.loads(archive.read("config.json"))
    except OSError as error:
        raise ValueError(f"{printable(file)}: cannot be read ({error.strerror})") from error
    except _TooLarge:
        raise
    except (zipfile.BadZipFile, KeyError, ValueError, RecursionError, EOFError) as error:
        raise ValueError(f"{printable(file)}: not a .keras model file, or a damaged one") from error
    if _holds_lambda(config):
        raise ValueError(
            f"{printable(file)}: has a Lambda layer, which contains Python code: not loaded"
        )
    try:
        model = keras.saving.load_model(file, compile=False, safe_mode=True)
    except Exception as error:  # unknown layers, weights of other shapes, code, damaged archives
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(
            f"{printable(file)}: cannot be loaded ({visible(reason[:200])})"
        ) from error
    if not isinstance(model, keras.Model) or not getattr(model, "inputs", None):
        raise ValueError(f"{printable(file)}: has no model with known inputs")
    return model


class _TooLarge(ValueError):
    """An archive that would fill the memory or the disk."""


def _check_size(file, archive):
    """Raise if the parts are far larger than the file: Keras stores weights uncompressed."""
    packed, unpacked = os.path.getsize(file), sum(part.file_size for part in archive.infolist())
    if unpacked > max(LARGEST_RATIO * packed, LARGEST_UNCHECKED):
        raise _TooLarge(
            f"{printable(file)}: {packed:,} bytes that unpack to {unpacked:,}, which no saved "
            "model does: not loaded"
        )


def _holds_lambda(config):
    """Return whether a configuration contains a Lambda layer at any depth."""
    if isinstance(config, dict):
        if config.get("class_name") in ("Lambda", "__lambda__"):
            return True
        return any(map(_holds_lambda, config.values()))
    return isinstance(config, list) and any(map(_holds_lambda, config))


def _input_of(file, model):
    """Return channels and size of the images that a model takes."""
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][-1] not in (1, 3):
        raise ValueError(
            f"{printable(file)}: must take images (batch, height, width, 1 or 3). "
            f"Received: {shapes}"
        )
    return shapes[0][-1], shapes[0][1:3]
