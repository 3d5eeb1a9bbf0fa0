"""What each layer does to the signal: is the network well initialised, does it learn?"""

from typing import Any, NamedTuple

import keras
import numpy as np

from kerasrecipes._backend.keras_internals import flatten_layers
from kerasrecipes._validation import check_integer
from kerasrecipes.callbacks._activation_figure import activation_figure
from kerasrecipes.callbacks._fit_callback import FitCallback
from kerasrecipes.callbacks._probe import outputs_and_gradients

BINS = 41
BOUNDS = {  # of activations that saturate
    "tanh": (-1, 1), "hard_tanh": (-1, 1), "softsign": (-1, 1), "sigmoid": (0, 1),
    "hard_sigmoid": (0, 1), "relu6": (0, 6),
}  # fmt: skip
NONLINEAR = (
    keras.layers.Activation, keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.PReLU,
    keras.layers.ELU,
)  # fmt: skip


class LayerStatistics(NamedTuple):
    """The figures of one layer's outputs, over all units and examples of the batch."""

    mean: float
    deviation: float
    zeros: float
    dead: float
    saturated: float
    gradient: float
    counts: np.ndarray
    edges: np.ndarray


class ActivationStatistics(FitCallback):
    """Looks into each layer before training and as it goes on, on one batch.

    For the outputs a of each layer over units and examples: mean and standard deviation; `zeros`,
    the fraction that is 0; `dead`, the fraction of units that are 0 for every example (dead ReLUs);
    `saturated`, the fraction at an end of the range of tanh, sigmoid, ... (within 1.5% of it);
    `gradient`, √mean((∂loss/∂a)²). The batch goes through in training mode (batch statistics,
    dropout), and the model is left as it was.

    Args:
        x: array, the batch of inputs.
        y: array of the targets of `x`; `None` (default) leaves the gradient out (NaN).
        layers: list of names of layers; `None` (default) for those with a nonlinearity, or,
            where there is none, with weights.
        every_epochs: integer >= 1, how often to look, besides before the first step. Defaults
            to 1.

    Attributes:
        records: {epochs done: {layer's name: `LayerStatistics`}}.

    Raises:
        ValueError: for an argument outside its range; before the first step, if a layer is not in
            the model, or there is none to look at.
        TypeError: for an argument of the wrong type.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.callbacks import ActivationStatistics
    >>> small = keras.initializers.RandomNormal(stddev=0.01)
    >>> model = keras.Sequential([keras.Input((64,))] + [
    ...     keras.layers.Dense(64, "tanh", kernel_initializer=small, name=f"tanh{i}")
    ...     for i in range(3)])
    >>> model.compile("sgd", "mse")
    >>> x = np.random.default_rng(0).normal(size=(32, 64))
    >>> statistics = ActivationStatistics(x, x)
    >>> _ = model.fit(x, x, callbacks=[statistics], verbose=0)
    >>> print(statistics.diagnosis(epoch=0)["tanh2"])
    signal vanishes

    Reference: Glorot & Bengio (2010), https://proceedings.mlr.press/v9/glorot10a.html, and the
        lectures of CS231n on initialisation: a deep tanh network with weights too small, too
        large, and right.
    """

    def __init__(self, x: Any, y: Any = None, layers: Any = None, every_epochs: int = 1) -> None:
        super().__init__()
        if layers is not None and not isinstance(layers, (list, tuple)):
            raise TypeError(
                f"Argument `layers` must be a list of names. Received: layers={layers!r}"
            )
        check_integer("every_epochs", every_epochs, "[1, inf)")
        self.x = x
        self.y = y
        self.layers = layers
        self.every_epochs = every_epochs
        self.records = {}

    def _begin(self):
        self.records = {}
        _watched_layers(self.model, self.layers)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not self.records:
            self._look(epoch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if (epoch + 1) % self.every_epochs == 0:
            self._look(epoch + 1)

    def diagnosis(self, epoch: int | None = None) -> Any:
        """Return {layer: what is wrong with it, or "fine"} after `epoch` epochs (default: last).

        A unit of each: most outputs saturated; most units dead; outputs that vary less than 1% of
        the first layer's; a gradient below 0.1% of the largest.
        """
        record = self._record(epoch)
        first = next(iter(record.values())).deviation
        largest = np.nanmax([0.0, *(layer.gradient for layer in record.values())])
        return {name: _verdict(layer, first, largest) for name, layer in record.items()}

    def plot(self, epoch: int | None = None) -> Any:
        """Return a matplotlib figure of every layer after `epoch` epochs (default: last)."""
        epoch = list(self.records)[-1] if epoch is None and self.records else epoch
        return activation_figure(self._record(epoch), self.diagnosis(epoch), epoch)

    def get_state(self) -> dict[str, Any]:
        return {
            f"{epoch}/{field}/{name}": np.asarray(value)
            for epoch, record in self.records.items()
            for name, layer in record.items()
            for field, value in layer._asdict().items()
        }

    def set_state(self, state: dict[str, Any]) -> None:
        self.records = {}
        for key in state:
            epoch, field, name = key.split("/", 2)
            if field == "mean":
                fields = [state[f"{epoch}/{f}/{name}"] for f in LayerStatistics._fields]
                plain = [float(value) for value in fields[:-2]]
                statistics = LayerStatistics(*plain, *fields[-2:])
                self.records.setdefault(int(epoch), {})[name] = statistics

    def _look(self, epoch):
        model = self.model
        layers = _watched_layers(model, self.layers)
        found = zip(layers, *outputs_and_gradients(model, layers, self.x, self.y))
        self.records[epoch] = {
            layer.name: _statistics(layer, output, gradient) for layer, output, gradient in found
        }

    def _record(self, epoch):
        if not self.records:
            raise ValueError("Nothing has been looked at yet. Received: records={}")
        epoch = list(self.records)[-1] if epoch is None else epoch
        if epoch not in self.records:
            raise ValueError(
                f"Argument `epoch` must be one of {list(self.records)}. Received: epoch={epoch}"
            )
        return self.records[epoch]


def _watched_layers(model, names):
    every = [layer for layer in flatten_layers(model, include_self=False) if not _contains(layer)]
    if names is None:
        layers = [layer for layer in every if _is_nonlinear(layer)]
        layers = layers or [layer for layer in every if layer.weights]
    else:
        known = {layer.name: layer for layer in every}
        missing = [name for name in names if name not in known]
        if missing:
            raise ValueError(
                f"Argument `layers` must be of {sorted(known)}. Received: layers={missing}"
            )
        layers = [known[name] for name in names]
    if not layers:
        raise ValueError(f"{model.name} has no layer to look at. Received: layers={names}")
    return layers


def _contains(layer):
    return isinstance(layer, keras.Model) or len(flatten_layers(layer)) > 1


def _is_nonlinear(layer):
    activation = getattr(layer, "activation", None)
    linear = activation is None or activation is keras.activations.linear
    return isinstance(layer, NONLINEAR) or not linear


def _statistics(layer, output, gradient):
    outputs = keras.ops.convert_to_numpy(keras.ops.cast(output, "float32")).astype("float64")
    zero = outputs == 0
    finite = outputs[np.isfinite(outputs)]
    counts, edges = np.histogram(finite, BINS)
    size = np.nan
    if gradient is not None:
        gradient = keras.ops.convert_to_numpy(keras.ops.cast(gradient, "float32"))
        size = float(np.sqrt(np.mean(gradient.astype("float64") ** 2)))
    return LayerStatistics(
        mean=float(outputs.mean()),
        deviation=float(outputs.std()),
        zeros=float(zero.mean()),
        dead=float(zero.reshape(-1, zero.shape[-1]).all(axis=0).mean()),
        saturated=_saturated(layer, outputs),
        gradient=size,
        counts=counts,
        edges=edges,
    )


def _saturated(layer, outputs):
    name = getattr(getattr(layer, "activation", None), "__name__", "")
    if name not in BOUNDS:
        return 0.0
    low, high = BOUNDS[name]
    margin = 0.03 * (high - low) / 2
    ends = outputs >= high - margin
    if name != "relu6":  # its lower end is 0, and counted as such
        ends |= outputs <= low + margin
    return float(ends.mean())


def _verdict(layer, first, largest):
    if not np.isfinite([layer.mean, layer.deviation]).all():
        return "not finite"
    if layer.saturated > 0.5:
        return "saturated"
    if layer.dead > 0.5:
        return "dead"
    if layer.deviation < 0.01 * first:
        return "signal vanishes"
    if layer.gradient < 1e-3 * largest:
        return "gradient vanishes"
    return "fine"
