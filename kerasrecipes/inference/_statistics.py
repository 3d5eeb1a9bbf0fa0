"""Which layers keep statistics of what they have seen in training."""

import contextlib

import keras


def layers_with_statistics(model, x):
    """Return {layer: [weights]} that one training call on `x` would change, seeds left out.

    Found by making the call and dropping its outcome: whatever the kind of layer.
    """
    owner = {}
    for layer in model._flatten_layers():
        for variable in layer.weights:
            # Containers come before what they contain: the last one to claim it owns it.
            owner[id(variable)] = (layer, variable)
    with keras.StatelessScope() as scope:
        model(x, training=True)
        changed = [
            (layer, variable)
            for layer, variable in owner.values()
            if scope.get_current_value(variable) is not None
        ]
    found = {}
    for layer, variable in changed:
        found.setdefault(layer, []).append(variable)
    return found


@contextlib.contextmanager
def called_with_training(layers, training):
    """Have `layers` take `training` for theirs, whatever the model is called with."""
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
