"""The graph of a functional model's layers, read from its configuration."""

import keras

from kerasrecipes._backend import keras_internals
from kerasrecipes.models._functional import functional

UNKNOWN_SIDE = 512


class LayerGraph:
    """The calls of a model's layers, in an order in which each comes after what it depends on.

    A position is the place of a call in that order.

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
        """The layer called, or `None` if it is called elsewhere too, or is a bare operation."""
        return self._layers.get(self.name(position))

    def shape(self, position):
        """Shape of what the layer returns, or `None` where there is not one layer, one tensor."""
        return self._shapes.get(self.name(position))

    def joins(self, position):
        """Whether the call takes the outputs of several others."""
        return len(self._parents[self._calls[position]]) > 1

    def is_trunk(self, position):
        """Whether all that follows depends on this call: no edge jumps over it."""
        return self._reach[position] <= position

    def _reaches(self):
        """For each position the furthest consumer of anything before it."""
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
    """Call: the calls whose outputs it takes; a call is (name of the layer, number of the call)."""
    parents = {}
    for layer in configurations:
        for number, inputs in enumerate(keras_internals.inbound_calls(layer)):
            parents[layer["name"], number] = inputs
        parents.setdefault((layer["name"], 0), set())
    return parents


def _sorted_by_depth(parents):
    """The calls by their longest way from the input."""
    depths = {}
    waiting = list(parents)
    while waiting:
        ready = [call for call in waiting if parents[call] <= depths.keys()]
        for call in ready:
            depths[call] = 1 + max((depths[parent] for parent in parents[call]), default=0)
        waiting = [call for call in waiting if call not in depths]
    return sorted(depths, key=depths.get)


def _shapes(model, layers):
    """Name: shape of the output, with a number for every height and width."""
    outputs = keras_internals.outputs_in_graph(model)
    outputs = {name: outputs[x] for name, x in layers.items() if hasattr(outputs[x], "shape")}
    shapes = {name: tuple(output.shape) for name, output in outputs.items()}
    source = tuple(model.inputs[0].shape)
    if None in source[1:]:
        shape = (1, *(UNKNOWN_SIDE if side is None else side for side in source[1:]))
        probe = keras.Model(model.inputs, outputs)
        shapes = {name: tuple(shape) for name, shape in probe.compute_output_shape(shape).items()}
    return shapes
