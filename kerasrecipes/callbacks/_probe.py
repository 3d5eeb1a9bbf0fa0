"""What the layers of a model put out, and what comes back to them, on one batch."""

import functools

import keras
from keras import ops

from kerasrecipes._backend.gradient import gradients_of
from kerasrecipes._backend.keras_internals import calls_replaced


def outputs_and_gradients(model, layers, x, y):
    """Return ([outputs], [gradients of the loss by them, or None]) of each layer, in training mode.

    Each is the list of the float tensors that the layer returns, empty if it is not called.
    Nothing of the model changes: neither statistics nor seeds.
    """
    outputs = _run(model, layers, x, None, None)[1]
    if y is None or not any(outputs):
        return outputs, [None] * len(layers)
    zeros = [ops.zeros(output.shape, output.dtype) for row in outputs for output in row]

    def loss_and_outputs(*probes):
        probes = iter(probes)
        return _run(model, layers, x, y, [[next(probes) for _ in row] for row in outputs])

    outputs, gradients = gradients_of(loss_and_outputs, zeros)
    gradients = iter(gradients)
    return outputs, [[next(gradients) for _ in row] for row in outputs]


def _run(model, layers, x, y, probes):
    """The loss, and each layer's outputs with their probes added."""
    outputs, rows = {}, {id(layer): row for layer, row in zip(layers, probes or [])}
    # Regularisers ask the scope for the values of their weights.
    weights = [(variable, variable.value) for variable in model.trainable_variables]
    scope = keras.StatelessScope(state_mapping=weights, collect_losses=True)
    with calls_replaced(layers, functools.partial(_watching, rows, outputs)), scope:
        y_pred = model(x, training=True)
        loss = 0.0 if y is None else model.compute_loss(x=x, y=y, y_pred=y_pred, training=True)
    return loss, [outputs.get(id(layer), []) for layer in layers]


def _watching(rows, outputs, layer, call):
    """Have a layer add its probes to its outputs, and put them where they can be seen."""
    probes = rows.get(id(layer))

    def watching_call(*args, **kwargs):
        result = call(*args, **kwargs)
        # A layer that is shared is seen where it is called first.
        if id(layer) in outputs:
            return result
        seen = outputs[id(layer)] = []
        return keras.tree.map_structure(lambda tensor: _look(tensor, probes, seen), result)

    return watching_call


def _look(tensor, probes, seen):
    """Return a tensor with its probe added, noted in `seen`; what is no float, as it is."""
    if not ops.is_tensor(tensor) or "float" not in keras.backend.standardize_dtype(tensor.dtype):
        return tensor
    tensor = tensor if probes is None else tensor + probes[len(seen)]
    seen.append(tensor)
    return tensor
