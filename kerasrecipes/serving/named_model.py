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
    """Return `model` with `layers.ClassNames` as last layer; unchanged if it has one.

    Args:
        model: Keras model with one output.
        class_names: sequence of str, one an output.
        task: `"classes"` (default), `"multilabel"` or `"regression"`.
        thresholds: sequence of floats in [0, 1], one a label. Defaults to `None`.

    Example:

    >>> import keras
    >>> from kerasrecipes import serving
    >>> model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])
    >>> model.add(keras.layers.Dense(2, "softmax"))
    >>> serving.named_model(model, ("cat", "dog")).layers[-1].class_names
    ('cat', 'dog')
    """
    if find_names_layer(model):
        return model
    names = ClassNames(class_names, task, thresholds, dtype="float32", name="class_names")
    return _followed_by(model, names)


def calibrated_model(model: keras.Model, temperature: float) -> Any:
    """Return `model` with `layers.TemperatureScaling` applied to its probabilities.

    Args:
        model: Keras model that ends with probabilities.
        temperature: float > 0, as of `inference.fit_temperature`.

    Example:

    >>> import keras
    >>> from kerasrecipes import serving
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Softmax()])
    >>> calm = serving.calibrated_model(model, temperature=2.0)
    >>> keras.ops.convert_to_numpy(calm(keras.ops.ones((1, 2)))).tolist()
    [[0.5, 0.5]]

    Reference: Guo et al., 2017, https://arxiv.org/abs/1706.04599.
    """
    return _followed_by(model, TemperatureScaling(temperature, dtype="float32", name="temperature"))


def find_names_layer(model):
    """Return the model's last `layers.ClassNames`, or `None`."""
    found = [layer for layer in flatten_layers(model) if isinstance(layer, ClassNames)]
    return found[-1] if found else None


def _followed_by(model, layer):
    # A tensor, not a list with one tensor: an exported file takes the same structure.
    return keras.Model(model.inputs[0], layer(model.outputs[0]), name=model.name)
