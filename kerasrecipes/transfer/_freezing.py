"""Freezes the layers that a phase does not train, and checks that they do not change."""

import keras
import numpy as np
from keras import ops

from kerasrecipes import layers, models
from kerasrecipes._backend import keras_internals

NORMALIZATIONS = (
    keras.layers.BatchNormalization,
    keras.layers.GroupNormalization,
    keras.layers.LayerNormalization,
    keras.layers.RMSNormalization,
    layers.DecorrelatedBatchNormalization,
    layers.GhostBatchNormalization,
    layers.GroupNormalization,
    layers.InstanceNormalization,
)


def first_trained(model, train):
    """Return the index in `model.layers` of the first trainable layer."""
    stages = models.stages(model)
    count = {"head": 0, "all": len(stages)}.get(train, train)
    if count > len(stages):
        raise ValueError(
            f"Argument `train` must be at most {len(stages)}, the stages of {model.name}. "
            f"Received: train={train}"
        )
    if count == len(stages):
        return 0
    names = [layer.name for layer in model.layers]
    return names.index(stages[len(stages) - count - 1]) + 1


def freeze(model, phase):
    """Freeze all but the layers that `phase` trains; the model must be compiled afterwards."""
    first, head = first_trained(model, phase.train), first_trained(model, "head")
    model.trainable = True
    for index, layer in enumerate(model.layers):
        layer.trainable = index >= first
        if first <= index < head and not phase.train_normalization:
            for part in keras_internals.flatten_layers(layer):
                if is_normalization(part):
                    part.trainable = False


def is_normalization(layer):
    """Return whether a layer normalises, or has statistics that training changes."""
    states = keras_internals.own_state_variables(layer)
    has_statistics = any("float" in variable.dtype for variable in states)
    return has_statistics or isinstance(layer, NORMALIZATIONS)


class FrozenWeights(keras.callbacks.Callback):
    """Raises at the end of an epoch if a frozen weight or statistic changed at all.

    Custom layers may ignore `trainable = False`; this callback detects it.

    Args:
        model: the model, with its layers frozen for the phase.
    """

    def __init__(self, model):
        super().__init__()
        trained = {id(variable) for variable in model.trainable_variables}
        self._frozen = [
            (layer, variable)
            for layer in keras_internals.flatten_layers(model, include_self=False)
            for variable in _own_variables(layer)
            if id(variable) not in trained and "float" in variable.dtype and not layer.trainable
        ]
        self._before = [_bytes(variable) for _, variable in self._frozen]

    def on_epoch_end(self, epoch, logs=None):
        _ = self.model  # brings the weights back from JAX
        self.check()

    def check(self):
        """Raise unless every frozen weight has its original bytes."""
        for (layer, variable), before in zip(self._frozen, self._before):
            if _bytes(variable) != before:
                raise RuntimeError(
                    f"The layer {layer.name!r} is frozen, but its {variable.name!r} changed in "
                    "training: it ignores `trainable=False`."
                )


def _own_variables(layer):
    states, weights = keras_internals.own_state_variables, keras_internals.own_trainable_variables
    return states(layer) + weights(layer)


def _bytes(variable):
    return np.asarray(ops.convert_to_numpy(variable)).tobytes()
