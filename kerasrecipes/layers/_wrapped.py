"""What wrappers share: a wrapped layer's configuration, and a call without side effects."""

import keras


def check_layer(name, value):
    """Raise unless `value` is a Keras layer (a model is one)."""
    if not isinstance(value, keras.Layer):
        raise TypeError(
            f"Argument `{name}` must be a Keras layer or model. Received: {name}={value!r} "
            f"(of type {type(value).__name__})"
        )


def call_with_values(layer, values, *args):
    """Call `layer` with the values of its variables replaced.

    Args:
        layer: A built layer.
        values: List of (variable, value). A variable left out would be read as it was before the
            step on JAX, without a gradient: list them all.
        *args: What to call it with.

    Returns:
        `(outputs, losses, state)`: the losses it added, and the new values of its non-trainable
        variables, none of which is assigned.
    """
    with keras.StatelessScope(values, collect_losses=True) as scope:
        outputs = layer(*args)
    state = [scope.get_current_value(variable) for variable in layer.non_trainable_variables]
    return outputs, scope.losses, state


def assign_state(layer, state):
    """Assign the values of the layer's non-trainable variables."""
    for variable, value in zip(layer.non_trainable_variables, state):
        variable.assign(value)


def serialize_layer(layer):
    """Serialize a layer without what only building adds: the wrapper builds it anew."""
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
