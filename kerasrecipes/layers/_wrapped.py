"""Helpers of wrapper layers: serialization, and a call without side effects."""

import inspect

import keras

from kerasrecipes._backend.keras_internals import flatten_layers, own_trainable_variables


def check_layer(name, value):
    """Raise unless `value` is a Keras layer (a model is one)."""
    if not isinstance(value, keras.Layer):
        raise TypeError(
            f"Argument `{name}` must be a Keras layer or model. Received: {name}={value!r} "
            f"(of type {type(value).__name__})"
        )


def state_variables(layer):
    """Return the variables that a call may assign, such as statistics and seeds; no weights."""
    weights = {id(v) for part in flatten_layers(layer) for v in own_trainable_variables(part)}
    return [variable for variable in layer.variables if id(variable) not in weights]


def call_with_values(layer, values, x, mask=None):
    """Call `layer` with the values of its variables replaced.

    Args:
        layer: A built layer.
        values: List of (variable, value), with every variable of the layer: on JAX a variable
            left out would have its value from before the step, and no gradient.
        x: Input of the layer.
        mask: Mask of the input, or `None`.

    Returns:
        `(outputs, losses, state)`: the layer's outputs, the losses it added, and the new values
        of its `state_variables`, which are not assigned.
    """
    with keras.StatelessScope(values, collect_losses=True) as scope:
        outputs = call_with_mask(layer, x, mask)
    state = [scope.get_current_value(variable) for variable in state_variables(layer)]
    return outputs, scope.losses, state


def call_with_mask(layer, x, mask):
    """Call `layer`, with the mask if it takes one; `x` itself may have lost its Keras mask."""
    if mask is not None and "mask" in inspect.signature(layer.call).parameters:
        return layer(x, mask=mask)
    return layer(x)


def assign_state(layer, state):
    """Assign the values of the layer's `state_variables`."""
    for variable, value in zip(state_variables(layer), state):
        variable.assign(value)


def serialize_layer(layer):
    """Serialize a layer without its build configuration: the wrapper rebuilds it."""
    return _without_build(keras.saving.serialize_keras_object(layer))


def _without_build(config):
    if isinstance(config, (list, tuple)):
        return type(config)(map(_without_build, config))
    if not isinstance(config, dict):
        return config
    kept = {key: _without_build(value) for key, value in config.items() if key != "build_config"}
    if kept.get("class_name") == "Sequential":
        inner = kept["config"]
        inner.pop("build_input_shape", None)
        inner["layers"] = [
            layer for layer in inner["layers"] if layer["class_name"] != "InputLayer"
        ]
    return kept
