"""Which layers of a model are looked at, and what their activation is."""

import keras

from kerasrecipes._backend.keras_internals import direct_sublayers
from kerasrecipes._layer_names import unique_names

NONLINEAR = (
    keras.layers.Activation, keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.PReLU,
    keras.layers.ELU,
)  # fmt: skip
# They call their sublayers once a time step, often inside a compiled loop, out of which no output
# of a sublayer can be taken.
LOOPS = (keras.layers.RNN, keras.layers.TimeDistributed)


def watched_layers(model, names):
    """Return {name: layer} of the layers with these names, or of the nonlinear ones for `None`.

    Where no layer is nonlinear, those with weights. Layers of one name are numbered.

    Raises:
        ValueError: if a name is not in the model, or there is no layer.
    """
    leaves = list(_leaves(model))
    every = dict(zip(unique_names(leaves), leaves))
    if names is None:
        layers = {name: layer for name, layer in every.items() if is_nonlinear(layer)}
        layers = layers or {name: layer for name, layer in every.items() if layer.weights}
    else:
        missing = [name for name in names if name not in every]
        if missing:
            raise ValueError(
                f"Argument `layers` must be of {sorted(every)}. Received: layers={missing}"
            )
        layers = {name: every[name] for name in names}
    if not layers:
        raise ValueError(f"{model.name} has no layer to look at. Received: layers={names}")
    return layers


def unit_axes(model):
    """Return {id of a layer: axis of the units of its outputs}.

    An activation has the data format of the layers before it, as it knows none of its own.
    """
    axes, before = {}, None
    for layer in _leaves(model):
        inner = layer.layer if isinstance(layer, keras.layers.TimeDistributed) else layer
        data_format = getattr(inner, "data_format", None)
        before = data_format or before
        if data_format is None and isinstance(inner, NONLINEAR):
            data_format = before
        axes[id(layer)] = _unit_axis(layer, inner, data_format)
    return axes


def _unit_axis(layer, inner, data_format):
    if data_format == "channels_first":
        # A `TimeDistributed` and a `ConvLSTM2D` have time before the channels.
        rank = getattr(getattr(inner, "cell", inner), "rank", None)
        return 1 + (inner is not layer) if rank is None else -1 - rank
    axis = getattr(inner, "axis", -1) if inner is layer and inner.weights else -1
    return axis if data_format is None and isinstance(axis, int) else -1


def is_nonlinear(layer):
    """Return whether a layer, or for a loop what it calls, has a nonlinearity."""
    function = activation(layer)
    linear = function is None or function is keras.activations.linear
    inner = direct_sublayers(layer) if isinstance(layer, LOOPS) else []
    return isinstance(layer, NONLINEAR) or not linear or any(map(is_nonlinear, inner))


def activation(layer):
    """Return the activation that a layer's outputs come from, or `None`."""
    while getattr(layer, "activation", None) is None and isinstance(layer, LOOPS):
        layer = layer.cell if isinstance(layer, keras.layers.RNN) else layer.layer
    if isinstance(layer, keras.layers.StackedRNNCells):
        layer = layer.cells[-1]
    return getattr(layer, "activation", None)


def _leaves(layer):
    """Yield the layers that contain no other, and the loops, each once."""
    seen, waiting = set(), direct_sublayers(layer)[::-1]
    while waiting:
        layer = waiting.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        inner = [] if isinstance(layer, LOOPS) else direct_sublayers(layer)
        if inner:
            waiting.extend(inner[::-1])
        elif not isinstance(layer, keras.Model):
            yield layer
