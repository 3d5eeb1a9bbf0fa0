"""The graph of a functional model's layers, read from its configuration."""

import keras

from kerasrecipes._backend import keras_internals
from kerasrecipes.models._functional import functional

UNKNOWN_SIDE = 512


class LayerGraph:
    """The calls of a model's layers in topological order.

    A position is the index of a call in that order.

    Args:
        model: `keras.Model` with one input and one output, functional or sequential.
    """

    def __init__(self, model):
        model = functional("model", model)
        self._parents = _parents(model.get_config()["layers"])
        self._calls = _sorted_by_depth(self._parents)
        self._reach = self._reaches()
        names = [name for name, _ in self._calls]
        self._layers = {x.name: x for x in model.layers if names.count(x.name) == 1}
        self._shapes = _shapes(model, self._layers)

    def __len__(self):
        return len(self._calls)

    def name(self, position):
        return self._calls[position][0]

    def layer(self, position):
        """Return the called layer; `None` if it is called several times or is a bare operation."""
        return self._layers.get(self.name(position))

    def shape(self, position):
        """Return the layer's output shape; `None` without a layer or with several outputs."""
        return self._shapes.get(self.name(position))

    def joins(self, position):
        """Return whether the call takes the outputs of several others."""
        return len(self._parents[self._calls[position]]) > 1

    def is_trunk(self, position):
        """Return whether all later calls depend on this one: no edge skips it."""
        return self._reach[position] <= position

    def _reaches(self):
        """Return, for each position, the last consumer of the outputs before it."""
        place = {call: position for position, call in enumerate(self._calls)}
        furthest = list(range(len(self._calls)))
        for position, call in enumerate(self._calls):
            for parent in self._parents[call]:
                furthest[place[parent]] = max(furthest[place[parent]], position)
        reaches, reach = [], 0
        for position in range(len(furthest)):
            reaches.append(reach)
            reach = max(reach, furthest[position])
        return reaches


def _parents(configurations):
    """Return {call: the calls it takes outputs of}; a call is (layer name, number of the call)."""
    parents = {}
    for layer in configurations:
        for number, inputs in enumerate(keras_internals.inbound_calls(layer)):
            parents[layer["name"], number] = inputs
        parents.setdefault((layer["name"], 0), set())
    return parents


def _sorted_by_depth(parents):
    """Return the calls sorted by their longest path from the input."""
    depths = {}
    waiting = list(parents)
    while waiting:
        ready = [call for call in waiting if parents[call] <= depths.keys()]
        for call in ready:
            depths[call] = 1 + max((depths[parent] for parent in parents[call]), default=0)
        waiting = [call for call in waiting if call not in depths]
    return sorted(depths, key=depths.get)


def _shapes(model, layers):
    """Return {layer name: output shape}; an unknown height or width is replaced by a number."""
    outputs = keras_internals.outputs_in_graph(model)
    outputs = {name: outputs[x] for name, x in layers.items() if hasattr(outputs[x], "shape")}
    shapes = {name: tuple(output.shape) for name, output in outputs.items()}
    source = tuple(model.inputs[0].shape)
    if None in source[1:]:
        shape = (1, *(UNKNOWN_SIDE if side is None else side for side in source[1:]))
        probe = keras.Model(model.inputs, outputs)
        shapes = {name: tuple(shape) for name, shape in probe.compute_output_shape(shape).items()}
    return shapes
