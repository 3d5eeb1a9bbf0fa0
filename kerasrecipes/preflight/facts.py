"""What the checks know of a model and its data."""

from typing import Any, NamedTuple

import keras
import numpy as np

from kerasrecipes._backend.keras_internals import calls_replaced, flatten_layers
from kerasrecipes.preflight.sample import Sample
from kerasrecipes.preflight.trial_model import TrialModel, to_numpy

KERNELS = ("kernel", "depthwise_kernel", "embeddings")


class FirstCall(NamedTuple):
    """The first call of a layer with a kernel: its input and output, arrays, or `None`."""

    layer: Any
    input: Any
    output: Any


class Facts(NamedTuple):
    """What the checks know.

    Attributes:
        trial: `TrialModel`, the copy.
        sample: `Sample`, many examples.
        batch: `Sample`, few of them, for single calls.
        heads: list of `Head` on the batch.
        seed: int.
    """

    trial: TrialModel
    sample: Sample
    batch: Sample
    heads: list
    seed: int


def first_call(trial, x, training):
    """Return the `FirstCall` in a model, that is, what the network gets after its preprocessing."""
    found = []

    def recording(layer, call):
        def recording_call(*args, **kwargs):
            outputs = call(*args, **kwargs)
            if not found and args and keras.ops.is_tensor(args[0]):
                found.append(FirstCall(layer, _kept(args[0]), _kept(outputs)))
            return outputs

        return recording_call

    layers = [
        layer
        for layer in flatten_layers(trial.model)
        if any(isinstance(getattr(layer, name, None), keras.Variable) for name in KERNELS)
    ]
    with calls_replaced(layers, recording):
        trial.forward(x, training)
    return found[0] if found else None


def _kept(tensor):
    return to_numpy(tensor) if keras.ops.is_tensor(tensor) else None


def outputs_of(facts, outputs):
    """Return the outputs that have a loss, in the order of `facts.heads`."""
    if not isinstance(outputs, (dict, list, tuple)):
        return [outputs]
    keys = [head.name if isinstance(outputs, dict) else int(head.name) for head in facts.heads]
    return [outputs[key] for key in keys]


def structured(facts, x, values):
    """Return values for the outputs that have a loss, in the structure of the outputs."""
    outputs = facts.trial.forward(x)
    if isinstance(outputs, dict):
        return {**outputs, **{head.name: v for head, v in zip(facts.heads, values)}}
    if isinstance(outputs, (list, tuple)):
        outputs = list(outputs)
        for head, value in zip(facts.heads, values):
            outputs[int(head.name)] = value
        return outputs
    return values[0]


def target_of(facts, head, y):
    """Return the part of targets that belongs to an output; one array is the target of all."""
    ours, parts = keras.tree.flatten(facts.batch.y), keras.tree.flatten(y)
    place = next(i for i, part in enumerate(ours) if np.array_equal(part, head.target))
    return parts[place if len(parts) > 1 else 0]
