"""Layers with statistics of their training data, such as batch normalisation."""

import contextlib

import keras

from kerasrecipes._backend import keras_internals


def layers_with_statistics(model, x):
    """Return {layer: [weights]} that one training call on `x` would change, without seeds.

    Makes the call and discards its results, which works with any kind of layer.
    """
    owner = {}
    for layer in keras_internals.flatten_layers(model):
        for variable in layer.weights:
            # A container is listed before its layers: the last entry is the variable's owner.
            owner[id(variable)] = (layer, variable)
    with keras.StatelessScope() as scope:
        model(x, training=True)
        changed = [
            (layer, variable)
            for layer, variable in owner.values()
            if scope.get_current_value(variable) is not None
        ]
    by_layer = {}
    for layer, variable in changed:
        by_layer.setdefault(layer, []).append(variable)
    return by_layer


@contextlib.contextmanager
def called_with_training(layers, training):
    """Within the context, `layers` are always called with this value of `training`."""
    before = {layer: layer.call for layer in layers}
    try:
        for layer, call in before.items():
            layer.call = _with_training(call, training)
        yield
    finally:
        for layer in before:
            del layer.call


def _with_training(call, training):
    def call_with_training(*args, **kwargs):
        return call(*args, **{**kwargs, "training": training})

    return call_with_training
