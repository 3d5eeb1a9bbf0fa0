"""What a model carries behind its probabilities: the names of its classes, a temperature."""

from collections.abc import Sequence
from typing import Any

import keras

from kerasrecipes._backend.keras_internals import flatten_layers
from kerasrecipes.layers import ClassNames, TemperatureScaling


def named_model(model: keras.Model, class_names: Sequence[str]) -> keras.Model:
    """`model` with `layers.ClassNames` behind it, or itself if it has one."""
    if find_class_names(model):
        return model
    return _followed_by(model, ClassNames(class_names, dtype="float32", name="class_names"))


def calibrated_model(model: keras.Model, temperature: float) -> Any:
    """`model` with `layers.TemperatureScaling` behind its probabilities."""
    return _followed_by(model, TemperatureScaling(temperature, dtype="float32", name="temperature"))


def find_class_names(model):
    """The names that a model carries in a `layers.ClassNames`, or `None`."""
    found = [layer for layer in flatten_layers(model) if isinstance(layer, ClassNames)]
    return found[-1].class_names if found else None


def _followed_by(model, layer):
    # One tensor and not a list of one: exported files take what the model was made of.
    return keras.Model(model.inputs[0], layer(model.outputs[0]), name=model.name)
