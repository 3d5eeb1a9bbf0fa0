"""What the layers of a model put out, and what comes back to them, on one batch."""

import contextlib

import keras
from keras import ops

from kerasrecipes._backend.gradient import gradients_of


def outputs_and_gradients(model, layers, x, y):
    """Return ([output], [gradient of the loss by it or None]) of each layer, in training mode.

    Nothing of the model changes: neither statistics nor seeds.
    """
    shapes = _run(model, layers, x, None, [None] * len(layers))[1]
    zeros = [ops.zeros(output.shape, output.dtype) for output in shapes]
    if y is None:
        return shapes, [None] * len(layers)
    return gradients_of(lambda *probes: _run(model, layers, x, y, probes), zeros)


def _run(model, layers, x, y, probes):
    """The loss, and each layer's output with its probe added."""
    outputs = {}
    with _watched(layers, probes, outputs), keras.StatelessScope(collect_losses=True):
        y_pred = model(x, training=True)
        loss = 0.0 if y is None else model.compute_loss(x=x, y=y, y_pred=y_pred, training=True)
    return loss, [outputs[layer] for layer in layers]


@contextlib.contextmanager
def _watched(layers, probes, outputs):
    """Have each layer add its probe to its output, and put it where it can be seen."""
    try:
        for layer, probe in zip(layers, probes):
            layer.call = _watching(layer, layer.call, probe, outputs)
        yield
    finally:
        for layer in layers:
            vars(layer).pop("call", None)


def _watching(layer, call, probe, outputs):
    def watching_call(*args, **kwargs):
        output = call(*args, **kwargs)
        # A layer that is shared is seen where it is called first.
        if layer not in outputs:
            output = output if probe is None else output + probe
            outputs[layer] = output
        return output

    return watching_call
