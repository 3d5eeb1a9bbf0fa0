"""All that training changes in a compiled model, as a flat dict of NumPy arrays."""

import itertools

import keras
import numpy as np


def build(model, input_config=None):
    """Create the variables that Keras would create at the first step."""
    if not model.built and input_config:
        model.build_from_config(input_config)
    if model.built and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)


def variables(model):
    """Return {name: variable} of model (seed generators included) and optimizer."""
    return {
        **{f"model/{i}": variable for i, variable in enumerate(model.variables)},
        **{f"optimizer/{i}": variable for i, variable in enumerate(model.optimizer.variables)},
    }


def metric_variables(model):
    """Return {name: variable} of the running metrics."""
    return {f"metrics/{i}": variable for i, variable in enumerate(model.metrics_variables)}


def copy_values(named_variables):
    """Return {name: array}, copies that no later step can change."""
    return {
        name: np.array(keras.ops.convert_to_numpy(variable), copy=True)
        for name, variable in named_variables.items()
    }


def assign_values(named_variables, values):
    """Assign each variable the array that has its name."""
    for name, variable in named_variables.items():
        variable.assign(values[name])


def has_optimizer_of(state, named_variables):
    """Return whether the optimizer's variables in a state are those of `named_variables`."""
    names = {name for name in {*state, *named_variables} if name.startswith("optimizer/")}
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


def describe_config(model):
    """Return {what: how}, strings that differ where layers, optimizer, loss or metrics do."""
    return {
        "backend": keras.backend.backend(),
        "dtype policy": model.dtype_policy.name,
        **_flatten("model", _config(model)),
    }


def differences(stored, here, most=5):
    """Return a line for each entry in which two descriptions differ."""
    names = [name for name in {**stored, **here} if stored.get(name) != here.get(name)]
    lines = [
        f"{name}: {stored.get(name, 'absent')} in the state, {here.get(name, 'absent')} here"
        for name in names[:most]
    ]
    return [*lines, f"and {len(names) - most} more"] if len(names) > most else lines


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


def _config(model):
    """Return the model's and its compilation's configuration, or {} where there is none."""
    try:
        config = keras.saving.serialize_keras_object(model)
    except Exception:  # a subclassed model may raise anything in get_config
        return {}
    names = {}
    _collect_names(config, names)
    return _rename({key: config.get(key) for key in ("config", "compile_config")}, names)


def _collect_names(config, names):
    """Number the names in the order they appear: `dense` and `dense_7` are the same layer."""
    if isinstance(config, dict):
        name = config.get("name")
        if isinstance(name, str):
            names.setdefault(name, f"#{len(names)}")
    for value in _children(config):
        _collect_names(value, names)


def _rename(config, names):
    if isinstance(config, dict):
        return {key: _rename(value, names) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return [_rename(value, names) for value in config]
    return names.get(config, config) if isinstance(config, str) else config


def _children(config):
    if isinstance(config, dict):
        return config.values()
    return config if isinstance(config, (list, tuple)) else ()


def _flatten(prefix, config):
    if isinstance(config, dict):
        parts = config.items()
    elif isinstance(config, (list, tuple)):
        parts = enumerate(config)
    else:
        plain = isinstance(config, (str, int, float, bool, type(None)))
        return {prefix: repr(config) if plain else type(config).__name__}
    flat = [_flatten(f"{prefix}.{key}", value).items() for key, value in parts]
    return dict(itertools.chain.from_iterable(flat))
