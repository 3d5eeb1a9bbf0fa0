"""Checks that a model is functional, with one input and one output."""

import keras


def functional(name, model):
    """Return a model as a functional one, or raise an error that names the argument.

    Args:
        name: str, the argument.
        model: `keras.Model` with one input and one output, functional or sequential.
    """
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if isinstance(model, keras.Sequential) and not model.built:
        raise ValueError(
            f"Argument `{name}` must be built: begin it with keras.Input(shape), or call "
            f"build((None, *shape)). Received: {name}={model!r}"
        )
    if not isinstance(model, keras.Model) or not inputs or not outputs:
        raise ValueError(
            f"Argument `{name}` must be a functional model. "
            f"Received: {name}={model!r} (of type {type(model).__name__})"
        )
    if len(inputs) > 1 or len(outputs) > 1:
        raise ValueError(
            f"Argument `{name}` must have one input and one output. Received: "
            f"{name}={model.name!r} with {len(inputs)} and {len(outputs)}"
        )
    return keras.Model(inputs, outputs)
