"""Adds class names or temperature scaling to the end of a model."""

from collections.abc import Sequence
from typing import Any

import keras

from kerasrecipes._backend.keras_internals import flatten_layers
from kerasrecipes.layers import ClassNames, TemperatureScaling


def named_model(model: keras.Model, class_names: Sequence[str]) -> keras.Model:
    """Return `model` with `layers.ClassNames` as last layer; unchanged if it has one."""
    if find_class_names(model):
        return model
    return _followed_by(model, ClassNames(class_names, dtype="float32", name="class_names"))


def calibrated_model(model: keras.Model, temperature: float) -> Any:
    """Return `model` with `layers.TemperatureScaling` applied to its probabilities."""
    return _followed_by(model, TemperatureScaling(temperature, dtype="float32", name="temperature"))


def find_class_names(model):
    """Return the names in the model's last `layers.ClassNames`, or `None`."""
    found = [layer for layer in flatten_layers(model) if isinstance(layer, ClassNames)]
    return found[-1].class_names if found else None


def _followed_by(model, layer):
    # A tensor, not a list with one tensor: an exported file takes the same structure.
    return keras.Model(model.inputs[0], layer(model.outputs[0]), name=model.name)
