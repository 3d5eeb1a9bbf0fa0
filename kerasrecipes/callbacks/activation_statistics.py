"""What each layer does to the signal: is the network well initialised, does it learn?"""

from typing import Any, NamedTuple

import keras
import numpy as np

from kerasrecipes._validation import check_integer
from kerasrecipes._warning import warn
from kerasrecipes.callbacks._activation_figure import activation_figure
from kerasrecipes.callbacks._fit_callback import FitCallback
from kerasrecipes.callbacks._probe import outputs_and_gradients
from kerasrecipes.callbacks._recorded import recorded
from kerasrecipes.callbacks._watched_layers import activation, unit_axes, watched_layers

BINS = 41
BOUNDS = {  # of activations that saturate
    "tanh": (-1, 1), "hard_tanh": (-1, 1), "softsign": (-1, 1), "sigmoid": (0, 1),
    "hard_sigmoid": (0, 1), "relu6": (0, 6),
}  # fmt: skip


class LayerStatistics(NamedTuple):
    """The figures of one layer's outputs, over all units and examples of the batch.

    Attributes:
        mean: float.
        std: float, the standard deviation.
        zeros: float, fraction of the outputs that are 0.
        dead: float, fraction of the units that are 0 for every example.
        saturated: float, fraction at an end of the range of the activation; 0 without one.
        gradient: float, root of the mean squared gradient of the loss by the outputs.
        counts: int array, the histogram of the outputs.
        edges: float array, the edges of its bins.
        is_output: bool, whether the model returns these outputs.
    """

    mean: float
    std: float
    zeros: float
    dead: float
    saturated: float
    gradient: float
    counts: np.ndarray
    edges: np.ndarray
    is_output: bool = False


class ActivationStatistics(FitCallback):
    """Looks into each layer before training and as it goes on, on one batch.

    For the outputs a of each layer over units and examples: mean and standard deviation; `zeros`,
    the fraction that is 0; `dead`, the fraction of units that are 0 for every example (dead ReLUs);
    `saturated`, the fraction at an end of the range of tanh, sigmoid, ... (within 1.5% of it);
    `gradient`, √mean((∂loss/∂a)²). A unit is a channel, where the layer or, for an activation, a
    layer before it has a `data_format`; else a place on the last axis. The batch goes through in
    training mode (batch statistics, dropout), and the model is left as it was.

    The outputs of a layer that returns several tensors (a tuple, list or dict) count together. A
    recurrent layer is looked at as one, over all time steps, and so is `TimeDistributed`: not the
    cell or layer inside. `saturated` leaves out the final states that a recurrent layer returns.
    Of a layer that is called several times, the first call counts.

    Args:
        x: array, the batch of inputs.
        y: array of the targets of `x`; `None` (default) leaves the gradient out (NaN).
        layers: list of names of layers; `None` (default) for those with a nonlinearity, or,
            where there is none, with weights. Layers of one name have a number: "dense",
            "dense#2".
        every_epochs: int >= 1, how often to look, besides before the first step. Defaults
            to 1.

    Attributes:
        records: {epochs done: {layer's name: `LayerStatistics`}}.

    Raises:
        ValueError: for an argument outside its range; before the first step, if a layer is not in
            the model, if a layer in `layers` is not called in training or returns no float, or if
            there is none to look at. One that `layers` does not name is left out with a warning.
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
        self._has_warned = False
        watched_layers(self.model, self.layers)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not self.records:
            self._look(epoch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if (epoch + 1) % self.every_epochs == 0:
            self._look(epoch + 1)

    def diagnosis(self, epoch: int | None = None) -> Any:
        """Return {layer: what is wrong with it, or "fine"} after `epoch` epochs (default: last).

        A unit of each: most outputs saturated; most units dead; outputs that vary less than 1% of
        the first layer's; a gradient whose norm (√Σ over outputs and examples) is below 0.1% of
        the largest among the layers within the model. Its outputs are no measure: the loss's
        gradient by a probability p is 1/p.
        """
        record = self._record(epoch)
        first = next(iter(record.values())).std
        within = [_norm(layer) for layer in record.values() if not layer.is_output]
        largest = np.nanmax([0.0, *within])
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
                fields = [state[f"{epoch}/{f}/{name}"] for f in LayerStatistics._fields[:-1]]
                *plain, counts, edges = fields
                plain = [float(value) for value in plain]
                is_output = bool(state.get(f"{epoch}/is_output/{name}", False))  # not in older ones
                statistics = LayerStatistics(*plain, counts, edges, is_output)
                self.records.setdefault(int(epoch), {})[name] = statistics

    def _look(self, epoch):
        layers = watched_layers(self.model, self.layers)
        seen = outputs_and_gradients(self.model, list(layers.values()), self.x, self.y)
        axes = unit_axes(self.model)
        record = {
            name: _statistics(layer, axes[id(layer)], outputs, gradients, is_output)
            for (name, layer), outputs, gradients, is_output in zip(layers.items(), *seen)
            if outputs
        }
        self._check_all_seen([name for name in layers if name not in record], record)
        self.records[epoch] = record

    def _check_all_seen(self, missing, record):
        """Raise for layers that were asked for by name and show nothing; warn of others."""
        if not missing:
            return
        what = "not called in training, or return no float"
        if not record or (self.layers is not None and not self.records):
            raise ValueError(
                "Argument `layers` must name layers that are called when the model is, and return "
                f"floats. Received: layers={self.layers}, of which {missing} are {what}"
            )
        if not self._has_warned:
            warn(f"Layers that are {what} are left out: {missing}")
        self._has_warned = True

    def _record(self, epoch):
        return recorded(self.records, "epoch", epoch, "looked at")


def _statistics(layer, axis, tensors, gradients, is_output):
    arrays = [_float64(tensor) for tensor in tensors]
    outputs = np.concatenate([array.ravel() for array in arrays])
    dead = [_is_dead(array, axis) for array in arrays]
    counts, edges = np.histogram(outputs[np.isfinite(outputs)], BINS)
    size = np.nan
    if gradients is not None:
        squares = [_float64(gradient).ravel() ** 2 for gradient in gradients]
        size = float(np.sqrt(np.mean(np.concatenate(squares))))
    return LayerStatistics(
        mean=float(outputs.mean()),
        std=float(outputs.std()),
        zeros=float((outputs == 0).mean()),
        dead=float(np.concatenate(dead).mean()),
        saturated=_saturated(layer, arrays),
        gradient=size,
        counts=counts,
        edges=edges,
        is_output=is_output,
    )


def _float64(tensor):
    tensor = keras.ops.cast(tensor, "float32")
    return keras.ops.convert_to_numpy(tensor).astype("float64")


def _is_dead(array, axis):
    """Return for each unit (place on the axis, or the last) whether it is 0 for every example."""
    array = np.atleast_1d(array)
    units = np.moveaxis(array, axis if -array.ndim <= axis < array.ndim else -1, -1)
    return (units == 0).reshape(-1, units.shape[-1]).all(axis=0)


def _norm(layer):
    """Return the norm of the gradient, which layers with more outputs do not lower."""
    return layer.gradient * np.sqrt(layer.counts.sum())


def _saturated(layer, arrays):
    name = getattr(activation(layer), "__name__", "")
    if name not in BOUNDS:
        return 0.0
    if isinstance(layer, keras.layers.RNN):
        arrays = arrays[:1]  # the cell state of an LSTM is not bounded
    outputs = np.concatenate([array.ravel() for array in arrays])
    low, high = BOUNDS[name]
    margin = 0.03 * (high - low) / 2
    ends = outputs >= high - margin
    if name != "relu6":  # its lower end is 0, and counted as such
        ends |= outputs <= low + margin
    return float(ends.mean())


def _verdict(layer, first, largest):
    if not np.isfinite([layer.mean, layer.std]).all():
        return "not finite"
    if layer.saturated > 0.5:
        return "saturated"
    if layer.dead > 0.5:
        return "dead"
    if layer.std < 0.01 * first:
        return "signal vanishes"
    if _norm(layer) < 1e-3 * largest:
        return "gradient vanishes"
    return "fine"
