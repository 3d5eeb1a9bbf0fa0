"""A lower rate when a metric stops improving, on top of any schedule."""

import math
from typing import Any

from kerasrecipes._validation import check_choice, check_integer, check_number
from kerasrecipes.callbacks import _monitor, _rate
from kerasrecipes.callbacks._fit_callback import FitCallback
from kerasrecipes.callbacks._rate_rivals import warn_of_rivals
from kerasrecipes.callbacks.sgdr import SGDR


class PlateauFactor(FitCallback):
    """Multiplies the rate by a factor when a metric has stopped improving.

    ```
    rate(t) = schedule(t) · factor^(number of plateaus)
    ```

    whatever the optimizer was compiled with, a number or a schedule, and with `SGDR` in the same
    `fit`. A plateau is `patience` epochs in a row without an improvement by more than `min_delta`;
    NaN is none. When `fit` ends, the optimizer keeps its lower rate (not SGDR's); each `fit` begins
    a new search.

    Args:
        monitor: str, name of the metric, or dict of names and weights (float > 0), whose weighted
            sum counts. Epochs without validation (`validation_freq`) do not count. Defaults to
            `"val_loss"`.
        factor: float in (0, 1). Defaults to 0.1.
        patience: int >= 1, epochs without improvement before the rate is lowered.
            Defaults to 10.
        mode: `"min"`, `"max"` or `"auto"`, which reads it from the metric's name.
            Defaults to `"auto"`.
        min_delta: float >= 0, the least that counts as an improvement. Defaults to 1e-4.
        cooldown: int >= 0, epochs after a lower rate that do not count. Defaults to 0.
        min_factor: float in [0, 1), below which the product does not fall. Defaults to 0.
        optimizer: str, the attribute of the model that holds the optimizer (`"generator"`,
            `"both[0]"`), where a custom `train_step` uses optimizers of its own. Defaults to
            `None`: the compiled one; an error if the model holds others.

    Attributes:
        total_factor: float, what this `fit` has multiplied the rate by so far.

    Raises:
        ValueError: for an argument outside its range; at the first epoch's end, if `monitor` is
            not among the metrics.
        TypeError: for an argument of the wrong type.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.callbacks import PlateauFactor
    >>> from kerasrecipes.schedules import StepDecay
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.SGD(StepDecay(0.5, [1000])), "mse")
    >>> plateau = PlateauFactor("loss", factor=0.5, patience=2)
    >>> x, y = np.zeros((4, 2)), np.zeros((4, 1))
    >>> history = model.fit(x, y, epochs=6, callbacks=[plateau], verbose=0)
    >>> history.history["learning_rate"]
    [0.5, 0.5, 0.5, 0.25, 0.25, 0.125]

    Differs from `keras.callbacks.ReduceLROnPlateau`, which raises on a schedule and lets a missing
    metric pass with a warning.
    """

    def __init__(
        self,
        monitor: str | dict[str, float] = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_factor: float = 0.0,
        optimizer: str | None = None,
    ) -> None:
        super().__init__()
        _monitor.check_monitor(monitor)
        check_number("factor", factor, "(0, 1)")
        check_integer("patience", patience, "[1, inf)")
        check_choice("mode", mode, ("auto", "min", "max"))
        check_number("min_delta", min_delta, "[0, inf)")
        check_integer("cooldown", cooldown, "[0, inf)")
        check_number("min_factor", min_factor, "[0, 1)")
        _rate.check_option(optimizer)
        self.monitor = monitor
        self.factor = factor
        self.patience = patience
        self.mode = mode
        self.min_delta = min_delta
        self.cooldown = cooldown
        self.min_factor = min_factor
        self.optimizer = optimizer
        self.total_factor = 1.0

    def _begin(self):
        self.check_only(
            "The rate of an optimizer has one factor",
            lambda other: other.optimizer == self.optimizer,
        )
        self._best, self._wait, self._rest = math.nan, 0, 0
        self._was_there = self._direction_is_checked = False
        warn_of_rivals(self, self.model)
        _rate.begin(self.model)
        self._apply(1.0)

    def _end_step(self):
        if not self._direction_is_checked:
            self._direction_is_checked = True
            _monitor.check_direction(self.monitor, self.mode, self.model)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_end(epoch)
        model = self.model
        is_there = _monitor.is_in(self.monitor, logs)
        if not is_there and not self._was_there:
            is_last = epoch + 1 >= self.params["epochs"]
            _monitor.check_will_come(self.monitor, logs, model, is_last)
        _rate.log_rates(model, logs)
        if not is_there:
            return
        self._was_there = True
        sign = _monitor.sign_of(self.monitor, self.mode, model)
        value = sign * _monitor.value_of(self.monitor, logs)
        if math.isnan(self._best) and not math.isnan(value) or value > self._best + self.min_delta:
            self._best, self._wait = value, 0
        elif not self._rest:
            self._wait += 1
        self._rest = max(0, self._rest - 1)
        lower = max(self.total_factor * self.factor, self.min_factor)
        if self._wait >= self.patience and lower < self.total_factor:
            self._wait, self._rest = 0, self.cooldown
            self._apply(lower)

    def _after_end(self):
        model = self.model
        for control in _rate.controls(model, self.optimizer):
            if self.peers(SGDR):
                control.factor = 1.0
            else:
                _rate.make_permanent(control)
        _rate.release(model, self.optimizer)
        _rate.take_effect(model)

    def get_state(self) -> dict[str, Any]:
        return {
            "best": self._best,
            "wait": self._wait,
            "rest": self._rest,
            "total_factor": self.total_factor,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        self._best, self._wait, self._rest = state["best"], state["wait"], state["rest"]
        self._was_there = not math.isnan(self._best)
        self._apply(state["total_factor"])

    def _apply(self, total):
        """Multiply every rate by `total`, from the next step on."""
        self.total_factor = total
        for control in _rate.controls(self.model, self.optimizer):
            control.factor = total
        _rate.take_effect(self.model)
