"""What the layers of a model put out, and what comes back to them, on one batch."""

import functools

import keras
from keras import ops

from kerasrecipes._backend.gradient import gradients_of
from kerasrecipes._backend.keras_internals import calls_replaced


def outputs_and_gradients(model, layers, x, y):
    """Return what each layer puts out, the gradients of the loss by that, and if it is the model's.

    Three lists over the layers, in training mode: of the float tensors that a layer returns, none
    if it is not called; of the gradients by those, or `None`; of bools, whether the model returns
    one of the tensors. Nothing of the model changes: neither statistics nor seeds.
    """
    _, outputs, y_pred = _run(model, layers, x, None, None)
    of_model = {id(tensor) for tensor in keras.tree.flatten(y_pred)}
    are_outputs = [any(id(tensor) in of_model for tensor in row) for row in outputs]
    if y is None or not any(outputs):
        return outputs, [None] * len(layers), are_outputs
    zeros = [ops.zeros(output.shape, output.dtype) for row in outputs for output in row]

    def loss_and_outputs(*probes):
        probes = iter(probes)
        return _run(model, layers, x, y, [[next(probes) for _ in row] for row in outputs])[:2]

    outputs, gradients = gradients_of(loss_and_outputs, zeros)
    gradients = iter(gradients)
    return outputs, [[next(gradients) for _ in row] for row in outputs], are_outputs


def _run(model, layers, x, y, probes):
    """The loss, each layer's outputs with their probes added, and the model's."""
    outputs, rows = {}, {id(layer): row for layer, row in zip(layers, probes or [])}
    # Regularisers ask the scope for the values of their weights.
    weights = [(variable, variable.value) for variable in model.trainable_variables]
    scope = keras.StatelessScope(state_mapping=weights, collect_losses=True)
    with calls_replaced(layers, functools.partial(_watching, rows, outputs)), scope:
        y_pred = model(x, training=True)
        loss = 0.0 if y is None else model.compute_loss(x=x, y=y, y_pred=y_pred, training=True)
    return loss, [outputs.get(id(layer), []) for layer in layers], y_pred


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
