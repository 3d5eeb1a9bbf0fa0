"""A model without models inside."""

import keras

from kerasrecipes._backend.keras_internals import run_through_graph


def flat_model(model: keras.Model) -> keras.Model:
    """Return the same computation as one graph of layers; the layers, and weights, are shared.

    A nested model hides its layers' outputs: the outer graph has its output alone.

    Args:
        model: Functional or sequential `keras.Model` with one input and one output.
    """
    inputs = keras.Input(model.inputs[0].shape[1:], dtype=model.inputs[0].dtype, name="flat_input")
    return keras.Model(inputs, _outputs(model, inputs), name=model.name)


def _outputs(model, inputs):
    return keras.tree.flatten(run_through_graph(model, inputs, _call))[0]


def _call(layer, *args, **kwargs):
    if isinstance(layer, keras.Model) and getattr(layer, "inputs", None):
        return _outputs(layer, args[0])
    return layer(*args, **kwargs)
