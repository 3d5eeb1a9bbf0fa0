"""Early stopping that always keeps the snapshot that worked best."""

import math
import os
import signal
from typing import Any

from kerasrecipes._backend.processes import check_one_model, is_first, process_count
from kerasrecipes._printable import printable
from kerasrecipes._validation import check_boolean, check_choice, check_integer, check_number
from kerasrecipes.callbacks import _best_file, _interruption, _monitor, _training_state
from kerasrecipes.callbacks._fit_callback import FitCallback
from kerasrecipes.callbacks._kept_snapshot import KeptSnapshot
from kerasrecipes.callbacks.polyak_averaging import PolyakAveraging
from kerasrecipes.callbacks.resume import Resume


class BestSnapshot(FitCallback):
    """Keeps the best model of a training and gives it back however the training ends.

    The snapshot holds weights, statistics, seed generators, optimizer (slots and count
    of updates) and the raw weights behind a `PolyakAveraging`, all of one moment. It is restored
    when `fit` ends, by itself or by patience, and on Ctrl-C: the first one ends `fit` normally
    after the step, the second raises. SIGTERM and SIGHUP end `fit` after the step as well, and
    then the process, with status 143 or 129. Around `fit`, it is restored on any exception:

    ```
    with BestSnapshot() as best:
        model.fit(..., callbacks=[best])
    ```

    Of several processes of JAX that train one model, one that raises restores nothing: it would
    wait for the others, which wait for its step. `filepath`, if given, has the best.

    Args:
        monitor: str, name of the metric that decides, or dict of names and weights (float > 0),
            whose weighted sum does: `{"val_a_accuracy": 0.7, "val_b_accuracy": 0.3}`. Epochs
            without validation (`validation_freq`) are not checked. Defaults to `"val_loss"`.
        mode: `"min"`, `"max"` or `"auto"`, which reads it from the metric. Defaults to `"auto"`.
        min_delta: float >= 0, the least gain that patience counts as one. The best snapshot takes
            any strict gain; NaN is none. Defaults to 0.
        patience: int >= 0, checks without a gain after which training stops, or `None`: it
            never stops. A check is an epoch's end, or a validation of `every_steps`. Defaults to
            `None`.
        start_from_epoch: int >= 0, epochs before this one (0-based) are not checked.
            Defaults to 0.
        every_steps: int >= 1, validate on `validation_data` after every so many steps, inside
            epochs as well, or `None`. Defaults to `None`.
        validation_data: what `every_steps` validates on: `(x, y)`, `(x, y, sample_weight)`, the
            same as a list, or any data set that `evaluate` takes. Defaults to `None`.
        filepath: a path that ends with `.keras`: the best model is kept there and not in memory,
            written atomically. It loads with `keras.saving.load_model`. If the model was compiled
            again in between, with other slots, the file gives it back its weights and statistics,
            and the optimizer stays as it is. Where the disk is full, a warning says so, the best is
            kept in memory, and the write is tried again. Defaults to `None`.
        restore: bool, whether the model is the best one when training ends. Defaults to `True`.
        resume: bool, whether a `fit` that finds a file at `filepath` continues from its value, and
            prints it; a warning says so if a `Resume` beside it begins anew, or if the file is of
            a model that was compiled otherwise. `False` begins with no best, for a new training,
            the next fold or trial. Defaults to `True`.

    Attributes:
        best: float, the best value of the monitor, NaN if there is none.
        best_epoch: integer, the 0-based epoch of the best value, or `None`.
        stopped_epoch: integer, the epoch in which patience ended training, or `None`.
        interrupted: bool, whether Ctrl-C or another signal asked training to end.

    Raises:
        TypeError: for an argument of the wrong type.
        ValueError: for an argument outside its range; before the first step, if the folder of
            `filepath` cannot be written, if its file holds another architecture or the best by
            another monitor, or if several processes have no distribution; after the first step, if
            `mode="auto"` cannot tell; at the end of the first epoch that could have it, if
            `monitor` is not there or is no single number.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.callbacks import BestSnapshot
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.SGD(3.0), "mse")  # much too high a rate
    >>> x = y = np.ones((4, 1))
    >>> best = BestSnapshot("val_loss", patience=2)
    >>> history = model.fit(x, y, epochs=9, validation_data=(x, y), callbacks=[best], verbose=0)
    >>> bool(np.isclose(model.evaluate(x, y, verbose=0), min(history.history["val_loss"])))
    True

    Reference: Prechelt, 1998, Early stopping - but when?, doi:10.1007/3-540-49430-8_3. Its
    criteria end a training; here what counts is the snapshot that it comes back with.
    """

    def __init__(
        self,
        monitor: str | dict[str, float] = "val_loss",
        mode: str = "auto",
        min_delta: float = 0,
        patience: int | None = None,
        start_from_epoch: int = 0,
        every_steps: int | None = None,
        validation_data: Any = None,
        filepath: str | os.PathLike[str] | None = None,
        restore: bool = True,
        resume: bool = True,
    ) -> None:
        super().__init__()
        _monitor.check_monitor(monitor)
        check_choice("mode", mode, ("auto", "min", "max"))
        check_number("min_delta", min_delta, "[0, inf)")
        if patience is not None:
            check_integer("patience", patience, "[0, inf)")
        check_integer("start_from_epoch", start_from_epoch, "[0, inf)")
        if every_steps is not None:
            check_integer("every_steps", every_steps, "[1, inf)")
        check_boolean("restore", restore)
        check_boolean("resume", resume)
        _monitor.check_validation(monitor, every_steps, validation_data)
        if filepath is not None:
            _best_file.check_model_path(filepath)
        self.monitor = monitor
        self.mode = mode
        self.min_delta = min_delta
        self.patience = patience
        self.start_from_epoch = start_from_epoch
        self.every_steps = every_steps
        self.validation_data = validation_data
        self.filepath = filepath
        self.restore = restore
        self.resume = resume
        self.best = math.nan
        self.best_epoch = None
        self.stopped_epoch = None
        self._interruption = _interruption.Interruption()
        self._kept = KeptSnapshot()
        self._description = {}
        self._in_fit = False

    @property
    def interrupted(self) -> bool:
        return bool(self._interruption)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: str, error: Any, traceback: Any) -> None:
        if not self._in_fit:
            return
        try:
            if error is None or process_count() == 1:
                self._end()
        finally:
            self._in_fit = False
            self._leave()

    def _begin(self):
        self.best, self.best_epoch, self.stopped_epoch = math.nan, None, None
        self._sign, self._direction_is_checked = None, False
        self._reference, self._wait = math.nan, 0
        self._steps, self._checked_step, self._was_there = 0, 0, False
        self._kept.begin(self.filepath, self.peers(PolyakAveraging))
        self._epoch = 0
        if self.filepath is not None:
            check_one_model(self)
            _best_file.check_folder(self.filepath)
            self._description = _best_file.description_of(self.model)
            self._go_on_from_file()
        self._in_fit = True
        self._interruption = _interruption.begin(self, takes=(signal.SIGINT,))

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_train_batch_begin(batch)
        self._validate_if_due()

    def _end_step(self):
        self._steps += self._model.steps_per_execution
        if not self._direction_is_checked:
            self._direction_is_checked = True
            _monitor.check_direction(self.monitor, self.mode, self.model)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_end(epoch)
        self._validate_if_due()
        if _monitor.is_in(self.monitor, logs):
            self._was_there = True
            self._check(_monitor.value_of(self.monitor, logs), counts=not self.every_steps)
        elif not (self._was_there or self.every_steps):
            is_last = epoch + 1 >= self.params["epochs"]
            _monitor.check_will_come(self.monitor, logs, self._model, is_last)

    def _end(self):
        self._in_fit = False
        if not math.isnan(self.best):
            self._kept.give_back(self.model, self._facts(), self.restore)

    def _leave(self):
        _interruption.end(self, self._interruption)

    def is_better(self, value: float, other: float) -> bool:
        """Whether one value of the monitor is better than another; `False` before any check."""
        return self._sign is not None and _is_gain(value, other, self._sign)

    def get_state(self) -> dict[str, Any]:
        snapshot = {f"snapshot/{name}": value for name, value in (self._kept.values or {}).items()}
        return {
            "best": self.best,
            "best_epoch": self.best_epoch,
            "sign": self._sign,
            "reference": self._reference,
            "wait": self._wait,
            "steps": self._steps,
            "checked_step": self._checked_step,
            "was_there": self._was_there,
            **snapshot,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        self.best, self.best_epoch = state["best"], state["best_epoch"]
        self._sign = state["sign"]
        self._reference, self._wait = state["reference"], state["wait"]
        self._steps, self._checked_step = state["steps"], state["checked_step"]
        self._was_there = state["was_there"]
        self._kept.values = _training_state.with_prefix("snapshot/", state) or None

    def _validate_if_due(self):
        if not self.every_steps or self._steps - self._checked_step < self.every_steps:
            return
        self._checked_step = self._steps
        data = self.validation_data
        data = tuple(data) if isinstance(data, list) else data
        logs = _training_state.evaluate(self.model, data)
        logs = {f"val_{name}": value for name, value in logs.items()}
        self._check(_monitor.value_of(self.monitor, logs), counts=True)

    def _check(self, value, counts):
        """Take the snapshot if `value` is the best, stop if patience is over."""
        if self._epoch < self.start_from_epoch:
            return
        model = self.model
        self._sign = sign = _monitor.sign_of(self.monitor, self.mode, model)
        if _is_gain(value, self.best, sign):
            self.best, self.best_epoch = value, self._epoch
            if self.restore or self.filepath is not None:
                self._kept.take(model, self._facts())
        if not counts:
            return
        self._wait += 1
        if _is_gain(value, self._reference, sign, self.min_delta):
            self._reference, self._wait = value, 0
        elif self.patience is not None and self._wait >= self.patience:
            self.stopped_epoch = self._epoch
            model.stop_training = True

    def _facts(self):
        """Return what is written beside the snapshot."""
        return {
            "monitor": _monitor.text_of(self.monitor),
            "best": self.best,
            "best_epoch": self.best_epoch,
            _best_file.DESCRIPTION: self._description,
        }

    def _go_on_from_file(self):
        if self.resume and _best_file.exists(self.filepath):
            stored = _best_file.read_for(self.filepath, _monitor.text_of(self.monitor), self.model)
            self.best, self.best_epoch = stored["best"], stored["best_epoch"]
            reason = self._why_of_another_training(stored)  # which all processes must ask for
            if is_first():
                _best_file.say_continues(self.filepath, stored, reason)
            self._kept.own_file = self.filepath

    def _why_of_another_training(self, stored):
        """Return why the file's best seems to be no earlier part of this training, or ""."""
        # A next phase is compiled otherwise, and its new optimizer has made no step.
        if not self._description or self._kept.own_file == self.filepath:
            return ""
        states = [other for other in self.peers(Resume) if not other.has_state()]
        if states:
            return f"`Resume` begins anew, there is no state in {printable(states[0].directory)}"
        if self.peers(Resume):
            return ""
        return _best_file.difference(stored, self._description)


def _is_gain(value, best, sign, least=0):
    if math.isnan(value):
        return False
    return math.isnan(best) or sign * (value - best) > least
