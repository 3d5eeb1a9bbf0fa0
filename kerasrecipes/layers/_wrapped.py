"""A wrapped layer inside a wrapper's configuration: the same before and after build."""

import keras


def check_layer(name, value):
    """Raise unless `value` is a Keras layer (a model is one)."""
    if not isinstance(value, keras.Layer):
        raise TypeError(
            f"Argument `{name}` must be a Keras layer or model. Received: {name}={value!r} "
            f"(of type {type(value).__name__})"
        )


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
