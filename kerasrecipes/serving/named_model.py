"""Adds class names or temperature scaling to the end of a model."""

from collections.abc import Sequence
from typing import Any

import keras

from kerasrecipes._backend.keras_internals import flatten_layers
from kerasrecipes.layers import ClassNames, TemperatureScaling


def named_model(
    model: keras.Model,
    class_names: Sequence[str],
    task: str = "classes",
    thresholds: Sequence[float] | None = None,
) -> keras.Model:
    """Return `model` with `layers.ClassNames` as last layer; unchanged if it has one."""
    if find_names_layer(model):
        return model
    names = ClassNames(class_names, task, thresholds, dtype="float32", name="class_names")
    return _followed_by(model, names)


def calibrated_model(model: keras.Model, temperature: float) -> Any:
    """Return `model` with `layers.TemperatureScaling` applied to its probabilities."""
    return _followed_by(model, TemperatureScaling(temperature, dtype="float32", name="temperature"))


def find_class_names(model):
    """Return the names in the model's last `layers.ClassNames`, or `None`."""
    layer = find_names_layer(model)
    return layer.class_names if layer else None


def find_names_layer(model):
    """Return the model's last `layers.ClassNames`, or `None`."""
    found = [layer for layer in flatten_layers(model) if isinstance(layer, ClassNames)]
    return found[-1] if found else None


def _followed_by(model, layer):
    # A tensor, not a list with one tensor: an exported file takes the same structure.
    return keras.Model(model.inputs[0], layer(model.outputs[0]), name=model.name)
