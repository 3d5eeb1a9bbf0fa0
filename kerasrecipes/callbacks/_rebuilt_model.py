"""A second model of the architecture of a live one."""

import keras

from kerasrecipes._backend import keras_internals


def rebuild(model):
    """Return an uncompiled model of the same architecture, with weights of its own.

    Classes that are not registered, and functions in `Lambda` layers, are those of the live model:
    nothing is read from a file.

    Raises:
        ValueError: if the model's configuration does not give the same model again.
    """
    layers = [model, *keras_internals.flatten_layers(model)]
    classes = {type(layer).__name__: type(layer) for layer in layers}
    try:
        config = keras.saving.serialize_keras_object(model)
        config.pop("compile_config", None)
        other = keras.saving.deserialize_keras_object(
            config, custom_objects=classes, safe_mode=False
        )
    except Exception as error:  # whatever get_config and from_config of a subclass may raise
        reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        raise _cannot(model, reason) from error
    here, there = ([tuple(w.shape) for w in m.weights] for m in (model, other))
    if model.built and here != there:
        raise _cannot(model, f"it has {len(here)} weights, and the same made again {len(there)}")
    return other


def _cannot(model, reason):
    return ValueError(
        "Snapshots need a model that can be made again from its configuration: give its class "
        f"`get_config`, and make its weights in `build`. {reason}. "
        f"Received: model of class {type(model).__name__}"
    )
