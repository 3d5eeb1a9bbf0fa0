"""The weights that train on, where a model ends `fit` with an average of them."""

import numpy as np
from keras import ops

from kerasrecipes._backend.keras_internals import flatten_layers, own_state_variables
from kerasrecipes.callbacks import _training_state


def check_optimizers_do_not_average(model, name):
    """Raise where an optimizer of the model averages the weights too; `name` is the callback's."""
    every = _training_state.optimizers(model).values()
    if any(getattr(optimizer, "use_ema", False) for optimizer in every):
        raise ValueError(
            f"{name} averages in place of the optimizer: compile it with "
            "`use_ema=False`. Received: use_ema=True"
        )


def float_variables(model, include_statistics=True):
    """Return the variables of a model that can be averaged."""
    return [
        variable
        for variable in model.variables
        if "float" in variable.dtype and (include_statistics or variable.trainable)
    ]


def check_averaged(raw):
    """Raise if there are no raw weights, as nothing has been averaged."""
    if not raw:
        raise ValueError("No weights have been averaged yet. Received: no fit")


def raw_weights(model, variables, raw):
    """Return the model's weights as arrays, those of `variables` replaced by their raw values."""
    by_variable = {id(variable): value for variable, value in zip(variables, raw)}
    return [
        by_variable.get(id(weight), np.array(ops.convert_to_numpy(weight)))
        for weight in model.weights
    ]


def put_back(model, variables, raw, averages):
    """Assign the raw weights of the last `fit`, if its averages are still in the model.

    Layers that were frozen in between stay as they are.
    """
    shown = [ops.convert_to_numpy(variable) for variable in variables]
    if len(raw) != len(shown) or not all(
        np.array_equal(average.astype(value.dtype), value)
        for average, value in zip(averages, shown)
    ):
        return
    moving = _moving_variables(model)
    for variable, value in zip(variables, raw):
        if id(variable) in moving:
            variable.assign(value)


def _moving_variables(model):
    """Return the ids of the variables that training changes: weights that train, statistics."""
    layers = [layer for layer in flatten_layers(model) if layer.trainable]
    statistics = [v for layer in layers for v in own_state_variables(layer)]
    return {id(v) for v in [*model.trainable_variables, *statistics]}
