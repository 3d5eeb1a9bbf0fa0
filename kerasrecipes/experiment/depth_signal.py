"""Signal and gradient of each layer of a network before any training, and what they say."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasrecipes.callbacks import ActivationStatistics
from kerasrecipes.evaluation import DepthCurve, depth_figure

HEALTHY = 10.0  # times more or less, in all layers together
TITLES = {
    "signal": "Activations, on the way forward (left to right): curves that fall vanish, curves "
    "that rise explode",
    "gradient": "Gradients, on the way back (right to left): curves that are low on the left have "
    "vanished, high ones have exploded",
}


class DepthSignal(NamedTuple):
    """What one batch does in each layer.

    Attributes:
        signal: standard deviations of outputs as multiples of the input's, which comes first.
        gradient: sizes of gradients as multiples of the last layer's.
        saturated: fractions of saturated outputs.
    """

    signal: Sequence[float]
    gradient: Sequence[float]
    saturated: Sequence[float]

    @property
    def verdict(self) -> str:
        """What becomes of the signal on the way forward, and of the gradient on the way back."""
        if self.signal[-1] == 0:
            return "no signal"
        if np.mean(self.saturated) > 0.5:
            return "saturated"
        for name, value in (("signal", self.signal[-1]), ("gradient", self.gradient[0])):
            if not 1 / HEALTHY <= value <= HEALTHY:
                return f"{name} {'vanishes' if value < 1 else 'explodes'}"
        return "fine"

    def to_dict(self) -> dict[str, Any]:
        """Return fields and verdict, as `metrics.json` stores them."""
        return {"verdict": self.verdict, **self._asdict()}


def depth_signal(model: keras.Model, x: Any, y: Any, layers: Sequence[str]) -> DepthSignal:
    """Return the `DepthSignal` of a compiled model, whose weights and statistics stay.

    Args:
        model: `keras.Model`, compiled with a loss.
        x, y: arrays, a batch.
        layers: names of layers, in the order of depth.
    """
    statistics = ActivationStatistics(x, y, layers=list(layers))
    events = keras.callbacks.CallbackList([statistics], model=model, epochs=1)
    events.on_train_begin()
    events.on_epoch_begin(0)  # it looks here; no step is made
    events.on_train_end()
    seen = list(statistics.records[0].values())
    last = seen[-1].gradient or 1.0
    return DepthSignal(
        signal=[1.0, *(float(layer.std / x.std()) for layer in seen)],
        gradient=[layer.gradient / last for layer in seen],
        saturated=[layer.saturated for layer in seen],
    )


def depth_pictures(
    networks: Mapping[str, Mapping[str, Mapping[str, DepthSignal]]],
) -> list[tuple[str, str, Any]]:
    """Return (name, caption, figure) of the activations, and of the gradients.

    Args:
        networks: {row: {column: {name: `DepthSignal`}}}.
    """
    pictures = []
    for field, name, ylabel, first_layer, mark in (
        ("signal", "activations", "std ÷ input's std", 0, "most outputs saturated"),
        ("gradient", "gradients", "size ÷ last layer's", 1, ""),
    ):
        panels = {
            row: {
                column: {name: _curve(one, field, bool(mark)) for name, one in networks.items()}
                for column, networks in columns.items()
            }
            for row, columns in networks.items()
        }
        figure = depth_figure(panels, TITLES[field], ylabel, first_layer, mark)
        pictures.append((name, f"{TITLES[field]}.", figure))
    return pictures


def _curve(one, field, is_marked):
    values = getattr(one, field)
    marked = [False, *(is_marked and part > 0.5 for part in one.saturated)]
    return DepthCurve(values, marked[-len(values) :])
