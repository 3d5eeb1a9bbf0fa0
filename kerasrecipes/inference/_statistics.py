"""Layers with statistics of their training data, such as batch normalisation."""

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


def called_with_training(layers, training):
    """Return a context in which `layers` are always called with this value of `training`."""
    return keras_internals.calls_replaced(layers, lambda _, call: with_training(call, training))


def with_training(call, training):
    """Return the `call` of a layer with this value of `training`, whatever it is called with."""

    def call_with_training(*args, **kwargs):
        return call(*args, **{**kwargs, "training": training})

    return call_with_training
