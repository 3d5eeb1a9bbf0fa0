"""All that training changes in a compiled model, as a flat dict of NumPy arrays."""

import contextlib

import keras
import numpy as np

from kerasrecipes._backend import keras_internals
from kerasrecipes._backend.processes import is_first
from kerasrecipes._backend.updating_optimizers import own_optimizers, updating_optimizers

MODEL = "model/"


def build(model, state=None):
    """Create the variables that Keras would create at the first step, as a state tells."""
    state = state or {}
    if not is_built(model) and state.get("input_spec"):
        with contextlib.suppress(NotImplementedError):  # it has no `call`
            model(_structure(state["input_spec"]))
    elif not model.built and state.get("build_config"):
        model.build_from_config(state["build_config"])
    for name, optimizer in optimizers(model).items():
        numbers = state.get("optimized", {}).get(name)
        if optimizer.built:
            continue
        if numbers:
            # Of another model, some may be absent: the comparison that follows says so.
            optimizer.build([v for i, v in enumerate(model.variables) if i in numbers])
        elif not state and model.built and optimizer is model.optimizer:
            optimizer.build(model.trainable_variables)


def is_built(model):
    """Whether all variables exist."""
    layers = keras_internals.flatten_layers(model, include_self=False)
    return model.built and all(layer.built for layer in layers)


def can_be_saved(model):
    """Whether weights and optimizer exist. A model that is never called may consist of such."""
    layers = list(keras_internals.flatten_layers(model, include_self=False))
    has_weights = model.built or (layers and all(layer.built for layer in layers))
    return has_weights and any(optimizer.built for optimizer in optimizers(model).values())


def optimized(model):
    """Return {name of a built optimizer: which of the model's variables it was built for}."""
    numbers = {id(variable): number for number, variable in enumerate(model.variables)}
    result = {}
    for name, optimizer in optimizers(model).items():
        inner = updating_optimizers(optimizer)
        variables = [v for one in inner for v in keras_internals.optimized_variables(one)]
        if optimizer.built:
            result[name] = [numbers[id(v)] for v in variables if id(v) in numbers]
    return result


def input_spec(element_spec):
    """Return the shapes and types of a model's inputs as JSON, from those of the data."""
    inputs, _, _ = keras.utils.unpack_x_y_sample_weight(element_spec)
    return _plain(inputs)


def _plain(spec):
    if isinstance(spec, dict):
        return {"dict": {key: _plain(part) for key, part in spec.items()}}
    if isinstance(spec, (list, tuple)):
        return {type(spec).__name__: [_plain(part) for part in spec]}
    return {"shape": list(spec.shape), "dtype": spec.dtype.name}


def _structure(plain):
    """Return symbolic inputs of the shapes and types that `input_spec` gave."""
    if "dict" in plain:
        return {key: _structure(part) for key, part in plain["dict"].items()}
    for kind in (list, tuple):
        if kind.__name__ in plain:
            return kind(_structure(part) for part in plain[kind.__name__])
    shape = (None, *plain["shape"][1:])
    return keras.KerasTensor(shape, plain["dtype"])


def model_variables(model):
    """Return {name: variable} of the model, seed generators included."""
    return {f"{MODEL}{i}": variable for i, variable in enumerate(model.variables)}


def of_model(state):
    """Return the part of a state that is of the model's variables."""
    return {name: state[name] for name in state if name.startswith(MODEL)}


def shapes(named):
    """Return {name: shape} of arrays or variables."""
    return {name: tuple(value.shape) for name, value in named.items()}


def variables(model):
    """Return {name: variable} of the model and of every optimizer that it holds."""
    named = model_variables(model)
    for prefix, optimizer in optimizers(model).items():
        named.update({f"{prefix}/{i}": v for i, v in enumerate(optimizer.variables)})
    return named


def optimizers(model):
    """Return {name: optimizer}: the compiled one, and those that a custom `train_step` uses."""
    own = {f"optimizer of {path}": optimizer for path, optimizer in own_optimizers(model).items()}
    return own if model.optimizer is None else {"optimizer": model.optimizer, **own}


def metric_variables(model):
    """Return {name: variable} of the running metrics."""
    return {f"metrics/{i}": variable for i, variable in enumerate(model.metrics_variables)}


def metrics_of(state):
    """Return the running metrics of a state, as this process keeps them.

    Between steps those of PyTorch's processes are the sums in the first one, and zeros elsewhere.
    """
    metrics = {name: state[name] for name in state if name.startswith("metrics/")}
    if keras.backend.backend() == "torch" and not is_first():
        return {name: np.zeros_like(value) for name, value in metrics.items()}
    return metrics


def copy_values(named_variables):
    """Return {name: array}, copies that no later step can change."""
    return {
        name: np.array(keras.ops.convert_to_numpy(variable), copy=True)
        for name, variable in named_variables.items()
    }


def without_rate(named_variables):
    """Return the variables without an optimizer's learning rate."""
    return {
        name: variable
        for name, variable in named_variables.items()
        if not (name.startswith("optimizer") and variable.name == "learning_rate")
    }


def assign_values(named_variables, values):
    """Assign each variable the array that has its name."""
    for name, variable in named_variables.items():
        variable.assign(values[name])


def has_optimizer_of(state, named_variables):
    """Return whether the optimizer's variables in a state are those of `named_variables`."""
    names = {name for name in {*state, *named_variables} if name.startswith("optimizer")}
    return all(
        name in state
        and name in named_variables
        and np.shape(state[name]) == tuple(named_variables[name].shape)
        for name in names
    )


def with_prefix(prefix, state):
    """Return the part of a flat dict whose keys begin with `prefix`, without it."""
    return {key.removeprefix(prefix): state[key] for key in state if key.startswith(prefix)}


def describe_variables(model):
    """Return {what: how}, strings that differ where the variables do."""
    description = {}
    for name, variable in variables(model).items():
        description[f"{name} shape"] = str(tuple(variable.shape))
        description[f"{name} dtype"] = str(variable.dtype)
    return description


def build_metrics(model, element_spec):
    """Let the metrics create their variables, from one batch of zeros of the data's shape."""
    zeros = keras.tree.map_structure(
        lambda spec: np.zeros([size or 1 for size in spec.shape], spec.dtype.as_numpy_dtype),
        element_spec,
    )
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(zeros)
    y_pred = model(x, training=False)
    model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
    model.compute_metrics(x, y, y_pred, sample_weight=sample_weight)


def evaluate(model, data):
    """Evaluate between two steps of `fit`, whose running metrics stay as they were."""
    metrics = copy_values(metric_variables(model))
    arrays = data if isinstance(data, tuple) else (data,)
    names = ("x", "y", "sample_weight")
    logs = model.evaluate(**dict(zip(names, arrays)), verbose=0, return_dict=True)
    model.reset_metrics()
    named_variables = metric_variables(model)
    assign_values({name: named_variables[name] for name in metrics}, metrics)
    if keras.backend.backend() == "torch":
        model.train()
    return logs
