"""Warm restarts on whatever optimizer the model was compiled with."""

from typing import Any

import keras
from keras import ops

from kerasrecipes._validation import check_number
from kerasrecipes.callbacks import _rate
from kerasrecipes.callbacks._fit_callback import FitCallback
from kerasrecipes.callbacks._rate_rivals import warn_of_rivals
from kerasrecipes.schedules import WarmRestarts

UPDATES = 10_000  # of an epoch, where only the place in it counts


class SGDR(FitCallback):
    """Drives the rate of the compiled optimizer along cosine cycles, batch by batch.

    ```
    T_i  = round(first_cycle_epochs · updates an epoch · cycle_multiplier^i)
    rate = η_min + (η_max - η_min) · (1 + cos(π · T_cur / T_i)) / 2
    ```

    computed inside the compiled step from the optimizer's own count of batches: it is exact with
    any `steps_per_execution`, under gradient accumulation, with batches that a loss scale skips,
    and in a resumed run. A `fit` begins its first cycle at epoch 0, so one that begins at an
    `initial_epoch` continues. When `fit` ends, the optimizer has the rate that it was compiled
    with. `History` and the progress bar show, as `learning_rate`, the rate of the epoch's last
    batch.

    On data of unknown length (a generator, a `tf.data.Dataset` of unknown cardinality) without
    `steps_per_epoch`, the first epoch tells how many steps one has; all its batches have the rate
    of its middle.

    Args:
        max_learning_rate: float > 0, the rate of the first batch of the first cycle.
        first_cycle_epochs: number > 0, epochs of the first cycle. Defaults to 10.
        cycle_multiplier: float >= 1, how much longer each next cycle is. Defaults to 2.
        min_learning_rate: float in [0, max_learning_rate]. Defaults to 0.
        warmup_epochs: number >= 0, epochs of a linear rise before the first cycle. Defaults to 0.
        peak_multiplier: float in (0, 1], how much lower each next peak is. Defaults to 1.
        optimizer: str, the attribute of the model that holds the optimizer (`"generator"`,
            `"both[0]"`), where a custom `train_step` uses optimizers of its own. Defaults to
            `None`: the compiled one; an error if the model holds others.

    Attributes:
        cycle_ends: list of the 0-based epochs at whose end a cycle completes, in this `fit`;
            known when it begins, on data of unknown length when the first epoch ends.
        schedule: the `WarmRestarts` in use, in updates; known as early, `None` before.

    Raises:
        ValueError: for an argument outside its range; before the first step, if the model has
            several optimizers and `optimizer` names none; as soon as the length of an epoch is
            known, if the first cycle is shorter than an update.
        TypeError: for an argument of the wrong type.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.callbacks import SGDR
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> sgdr = SGDR(0.1, first_cycle_epochs=1)
    >>> history = model.fit(
    ...     np.ones((8, 2)), np.ones((8, 1)), 2, epochs=3, callbacks=[sgdr], verbose=0
    ... )
    >>> sgdr.cycle_ends
    [0, 2]
    >>> [round(rate, 4) for rate in history.history["learning_rate"]]
    [0.0146, 0.0691, 0.0038]

    Reference: Loshchilov & Hutter (2016), https://arxiv.org/abs/1608.03983. The warm-up and the
        lower peaks are not in the paper.
    """

    def __init__(
        self,
        max_learning_rate: float,
        first_cycle_epochs: float = 10,
        cycle_multiplier: float = 2,
        min_learning_rate: float = 0.0,
        warmup_epochs: float = 0,
        peak_multiplier: float = 1.0,
        optimizer: str | None = None,
    ) -> None:
        super().__init__()
        check_number("max_learning_rate", max_learning_rate, "(0, inf)")
        check_number("first_cycle_epochs", first_cycle_epochs, "(0, inf)")
        check_number("cycle_multiplier", cycle_multiplier, "[1, inf)")
        check_number("min_learning_rate", min_learning_rate, f"[0, {max_learning_rate}]")
        check_number("warmup_epochs", warmup_epochs, "[0, inf)")
        check_number("peak_multiplier", peak_multiplier, "(0, 1]")
        _rate.check_option(optimizer)
        self.max_learning_rate = max_learning_rate
        self.first_cycle_epochs = first_cycle_epochs
        self.cycle_multiplier = cycle_multiplier
        self.min_learning_rate = min_learning_rate
        self.warmup_epochs = warmup_epochs
        self.peak_multiplier = peak_multiplier
        self.optimizer = optimizer
        self.schedule = None
        self.cycle_ends = []

    def _begin(self):
        self.check_only(
            "An optimizer can follow one schedule", lambda other: other.optimizer == self.optimizer
        )
        warn_of_rivals(self, self.model)
        _rate.begin(self.model)
        for control in _rate.controls(self.model, self.optimizer):
            control.warn_if_scheduled()
        _rate.count_skipped_batches(self.model, self.optimizer)
        self.schedule, self.cycle_ends = None, []
        self._origins, self._is_in_place, self._executions = None, False, 0
        self._set_steps(self.params.get("steps"))

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        model = self.model
        found = _rate.controls(model, self.optimizer)
        self._executions, self._first_batch = 0, found[0].count_of_batches()
        for control in found:
            control.counted_without_data = 0
        if self._is_in_place:
            self._correct_origins(found, epoch)
            return
        if not self._steps:
            self._hold_rate(found, epoch)
        else:
            self._drive(found, epoch)
        _rate.take_effect(model)

    def _end_step(self):
        self._executions += 1

    def _end_steps(self):
        """Learn from the first epoch how many steps an epoch has, where that is unknown."""
        if self.params.get("steps"):
            return
        size = self._model.steps_per_execution
        most = self._executions * size
        controls = _rate.controls(self.model, self.optimizer)
        counted = controls[0].count_of_batches() - self._first_batch
        steps = min(max(counted, most - size + 1), most)
        for control in controls:
            control.counted_without_data = counted - steps
        if not self._steps:
            self._set_steps(steps)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_end(epoch)
        if logs is not None:
            _rate.log_rates(self.model, logs)

    def _end(self):
        model = self.model
        for control in _rate.controls(model, self.optimizer):
            control.stop()
        _rate.release(model, self.optimizer)
        _rate.take_effect(model)

    def get_state(self) -> dict[str, Any]:
        origins = {f"origin/{i}": origin for i, origin in enumerate(self._origins or [])}
        return {"steps": self._steps, **origins}

    def set_state(self, state: dict[str, Any]) -> None:
        if not self._steps:
            self._set_steps(state["steps"])
        self._origins = [int(state[f"origin/{i}"]) for i in range(len(state) - 1)] or None

    def check_cycles_fit_epochs(self) -> None:
        """Raise unless every cycle of this `fit` completes with an epoch, and the last with it.

        Before the length of an epoch is known, there is nothing to check.
        """
        if self.schedule is None:
            return
        epochs = self.params["epochs"]
        if self.cycle_ends[-1:] == [epochs - 1] and len(self.cycle_ends) == self._completed:
            return
        first = self.schedule.first_cycle + self.schedule.warmup
        raise ValueError(
            f"The cycles do not fit the epochs: of {epochs} epochs of fit, "
            f"{[epoch + 1 for epoch in self.cycle_ends]} complete a cycle, while {self._completed} "
            f"cycles complete in all and the first takes {first:g} updates. Received: "
            f"first_cycle_epochs={self.first_cycle_epochs}, "
            f"cycle_multiplier={self.cycle_multiplier}, epochs={epochs}"
        )

    def _set_steps(self, steps):
        """Plan the cycles for epochs of so many steps, or of `None`, unknown yet."""
        self._steps = steps
        if steps:
            control = _rate.controls(self.model, self.optimizer)[0]
            self.schedule = self._schedule_of(steps / control.accumulation_steps)
            self.cycle_ends = self._find_cycle_ends(control)

    def _hold_rate(self, controls, epoch):
        """Give every batch of an epoch of unknown length the rate of the epoch's middle."""
        rate = float(self._schedule_of(UPDATES)(round((epoch + 0.5) * UPDATES)))
        floatx = keras.config.floatx()
        for control in controls:
            control.drive(lambda update: ops.convert_to_tensor(rate, floatx), rate)

    def _drive(self, controls, epoch):
        if self._origins is None or not self.params.get("steps"):
            self._origins = [self._origin(control, epoch) for control in controls]
        for control, origin in zip(controls, self._origins):
            schedule = self._schedule_of(self._steps / control.accumulation_steps)
            control.drive(schedule, tuple(schedule.get_config().values()), origin)
        self._is_in_place = True

    def _correct_origins(self, controls, epoch):
        """Leave out the batch that TensorFlow counts when data of unknown length have ended."""
        if not self.params.get("steps"):
            self._origins = [self._origin(control, epoch) for control in controls]
            for control, origin in zip(controls, self._origins):
                control.origin = origin

    def _schedule_of(self, epoch):
        """The schedule for epochs of so many updates."""
        first_cycle = self.first_cycle_epochs * epoch
        if first_cycle < 1:
            raise ValueError(
                "Argument `first_cycle_epochs` must hold one update at least; an epoch has "
                f"{epoch:g}. Received: first_cycle_epochs={self.first_cycle_epochs}"
            )
        return WarmRestarts(
            self.max_learning_rate,
            first_cycle,
            self.cycle_multiplier,
            self.min_learning_rate,
            self.peak_multiplier,
            warmup=round(self.warmup_epochs * epoch),
        )

    def _find_cycle_ends(self, control):
        updates = [
            (epoch + 1) * self._steps // control.accumulation_steps
            for epoch in range(self.params["epochs"])
        ]
        ends = set(self.schedule.cycle_ends(updates[-1]) if updates else ())
        self._completed = len(ends)
        return [epoch for epoch, update in enumerate(updates) if update in ends]

    def _origin(self, control, epoch):
        """The count of updates at which epoch 0 began, or would have."""
        return (control.count_of_batches() - epoch * self._steps) // control.accumulation_steps
