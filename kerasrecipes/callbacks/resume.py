"""A run that is killed at any moment and started again ends as if it had never been."""

import inspect
import os
from typing import Any

from kerasrecipes._backend.keras_internals import (
    asks_for_one_more,
    end_epoch_of_data,
    set_initial_epoch,
)
from kerasrecipes._backend.processes import by_each, by_first, check_one_model, is_first
from kerasrecipes._folder_lock import FolderLock
from kerasrecipes._validation import check_integer, check_path
from kerasrecipes._warning import warn
from kerasrecipes.callbacks import _fit_data, _interruption, _training_state
from kerasrecipes.callbacks._fit_callback import FitCallback
from kerasrecipes.callbacks._resumed_random_state import ResumedRandomState
from kerasrecipes.callbacks._resumed_state import check_state, description_of_process, say_where
from kerasrecipes.callbacks._state_folder import StateFolder
from kerasrecipes.callbacks._training_description import TrainingDescription
from kerasrecipes.callbacks._write_clock import WriteClock

END_OF_EPOCH = "the rest of the epoch is done"
INTERRUPTED = "a signal asked training to end"


class Resume(FitCallback):
    """Go on exactly where a killed run stopped.

    Put it in the same script that trains, start the script again after any interruption, and
    the final weights, `History` and logs equal those of a run that was never stopped, bit for bit
    where the backend is deterministic (the CPU is). One file holds it all: weights, statistics,
    seed generators, optimizer, running metrics, every kerasrecipes callback, `History`, epoch, step
    and how many batches were drawn. It is written beside its place, synced and renamed, so that a
    kill during the write leaves the one before.

    A folder belongs to one process at a time: a second one is refused before its first step. Where
    several processes of JAX train one model, the first reads and writes it, and all get its state;
    each must ask for `step`, `epoch` and `finished`. A signal ends a process at once, where JAX
    does not take it (docs/scale.md); the others end too: start all again.

    A signal (Ctrl-C, SIGTERM, SIGHUP) ends training after the step, with the state written; then
    the process ends with status 130, 143 or 129, unless the signal is someone else's to handle. A
    second one ends it at once.

    The data must go on as well. Reading `step` promises that they do: build them with
    `augment.pipeline(..., start_step=resume.step)` and train with `steps_per_epoch`; then the state
    is written inside epochs too. If `step` is never read, it is written between epochs
    only, which suits data that begin again at each epoch in the same order. (Inside epochs,
    `tf.data`, PyTorch loaders and the batches of `augment` go on; a `PyDataset` with several
    workers does not.)

    Args:
        directory: path of the folder of the states, one folder a run; made if it does not exist.
        every_steps: int >= 1, or `None` (the default): how many steps lie between two states;
            `None` writes one whenever 100 times the time of a write has gone by, which
            costs at most 2% of the training time.
        keep: int >= 1, how many states to keep. Defaults to 2.
        allow: tuple of str, what may differ from the run that wrote the state: names of options
            (`"patience"`, `"learning_rate"`, `"batch_size"`), or of callbacks that come or go
            (`"BestSnapshot"`). Defaults to (), nothing that could change the result. Paths, names
            of layers, `verbose` and seeds of unseeded layers may always differ; other versions of
            the libraries cost a warning.
        data: dict of what identifies the data, such as file names, hashes or the sources of
            `data.load`, compared beside what `fit` shows of them: content of arrays, shapes, sizes.
            Defaults to `None`.

    Attributes:
        step: int, how many batches the data have given so far: where they must go on. Those of
            its parts are counted too.
        epoch: int, the 0-based epoch in which training goes on (`fit` is told by itself).
        finished: bool, whether the run came to its end.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: before the first step, if the folder cannot be written, if its state belongs
            to another model, optimizer, set of callbacks or other data (the error says what
            differs), if it holds states of which none can be read, if another process uses it, or
            if several processes have no distribution.

    Example:

    >>> import tempfile, numpy as np, keras
    >>> from kerasrecipes.callbacks import Resume
    >>> folder, x, y = tempfile.mkdtemp(), np.ones((8, 2)), np.ones((8, 1))
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> history = model.fit(x, y, epochs=3, verbose=0, callbacks=[Resume(folder)])
    >>> Resume(folder).epoch
    3

    A disk that is full or a folder that is deleted costs a warning, and the next state is tried; a
    file that is damaged costs a warning that names it, and the one before is used. Differs from
    `keras.callbacks.BackupAndRestore`, which repeats the epoch from its start and loses `History`
    and the state of callbacks.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        every_steps: int | None = None,
        keep: int = 2,
        allow: Any = (),
        data: Any = None,
    ) -> None:
        super().__init__()
        check_path("directory", directory)
        if every_steps is not None:
            check_integer("every_steps", every_steps, "[1, inf)")
        check_integer("keep", keep, "[1, inf)")
        several = isinstance(allow, (tuple, list, set, frozenset))
        if not several or not all(isinstance(name, str) for name in allow):
            raise TypeError(f"Argument `allow` must be a tuple of names. Received: allow={allow!r}")
        self.directory = directory
        self.every_steps = every_steps
        self.keep = keep
        self.allow = allow
        self.data = data
        self._folder = StateFolder(directory, keep)
        self._lock = FolderLock(directory)
        self._whole = None
        self._position_is_known = False
        self._interruption = _interruption.Interruption()

    @property
    def step(self) -> int:
        self._position_is_known = True
        return self._folder.newest().get("drawn", 0) + sum(part.step for part in self._parts())

    @property
    def epoch(self) -> int:
        return self._folder.newest().get("epoch", 0)

    @property
    def finished(self) -> bool:
        return self._folder.newest().get("finished", False)

    def has_state(self) -> bool:
        """Whether there is a state of this run, also in another part of it."""
        return self._whole.has_state() if self._whole else self._has_state_within()

    def _has_state_within(self):
        parts = self._parts()
        return bool(self._folder.newest()) or any(part._has_state_within() for part in parts)

    def part(self, name: str) -> Any:
        """Return a `Resume` with the same options and a folder of its own inside this one.

        For a run of several calls of `fit`, such as the phases of `transfer.fine_tune`: one part
        for each.
        """
        names = list(inspect.signature(type(self).__init__).parameters)[2:]
        options = {name: getattr(self, name) for name in names}
        part = type(self)(os.path.join(self.directory, name), **options)
        part._whole = self
        return part

    def _parts(self):
        return [self.part(name) for name in self._folder.names_of_parts()]

    def _begin(self):
        check_one_model(self)
        by_first(self._take_folder)
        if self.every_steps and not self._position_is_known:
            warn(
                f"`every_steps={self.every_steps}` has an effect between epochs only: inside one, "
                "the data can be resumed only if they are built with `start_step=resume.step`, and "
                "`step` was not read.",
            )
        self._is_in_steps = self._is_last = False
        self._interruption = _interruption.begin(self, stops=self._on_signal)

    def _take_folder(self):
        self._folder.make()
        self._lock.acquire()

    def _restore(self):
        model, state = self.model, self._folder.newest()
        companions = [other for other in self.peers() if not isinstance(other, Resume)]
        _training_state.build(model, state)
        self._description = TrainingDescription(self, companions, self._position_is_known)
        self._input_spec = state.get("input_spec")
        self._epoch, self._first_step, self._drawn = None, 0, 0
        self._metrics, self._history = {}, None
        self._clock = WriteClock(self.every_steps)
        stored = _training_state.with_prefix("random/", state)
        self._random = ResumedRandomState(stored, _fit_data.begin_again(model))
        if state:
            here = self._description.now(model)
            then = description_of_process(state, here)
            by_each(check_state, then, here, self.directory, self.allow, self._position_is_known)
            self._assign(model, state)
            say_where(self.directory, state, self.params["epochs"])
        self._folder.forget()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        model = self.model
        set_initial_epoch(model, None)
        self._restore_history(model)
        if self._epoch is not None:
            self._first_step = 0
        self._epoch = epoch
        self._random.begin_epoch(is_cut=self._first_step > 0)
        if self._metrics.keys() == _training_state.metric_variables(model).keys():
            self._restore_metrics(model)

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_train_batch_begin(batch)
        step = self._first_step + batch
        self._random.restore()  # before a state is written, which holds it
        if self._is_due(step):
            self._save(self.model, self._epoch, step)
        size = self._model.steps_per_execution
        self._is_last = bool(self.params["steps"]) and step + size >= self.params["steps"]
        self._is_in_steps = True
        if self._interruption:
            self._stop(is_cut=not self._is_last)
        if self._metrics or not (self._description.was_built or self._input_spec):
            _fit_data.look_once(self._model, self._look_at_data)
        self._drawn += size
        if self._first_step and self._is_last and not self._model.stop_training:
            # The epoch that a kill cut in two runs its rest only.
            self._model.stop_training = END_OF_EPOCH

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._end_of_steps()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_end(epoch)
        self._end_of_steps()
        if self._model.stop_training is END_OF_EPOCH:
            self._model.stop_training = False
            end_epoch_of_data(self._model)
        if self._interruption:
            self._stop(self._interruption.cut_epoch)

    def _end_of_steps(self):
        """Not count the batch that Keras asks data of unknown length for in vain."""
        is_asked = self._is_in_steps and self.params["steps"] is None
        if is_asked and asks_for_one_more(self._model) and not self._model.stop_training:
            self._drawn -= 1
        self._is_in_steps = False

    def _before_end(self):
        if self._epoch is not None and not self._interruption.cut_epoch:
            is_stopped = self._model.stop_training and self._model.stop_training is not INTERRUPTED
            is_finished = is_stopped or self._epoch + 1 >= self.params["epochs"]
            self._save(self.model, self._epoch + 1, 0, bool(is_finished), bool(is_stopped))
        self._epoch = None

    def _end(self):
        set_initial_epoch(self._model, None)
        self._restore_history(self._model)

    def _leave(self):
        self._lock.release()
        _interruption.end(self, self._interruption)

    def _assign(self, model, state):
        variables = _training_state.variables(model)
        if "learning_rate" in self.allow:
            variables = _training_state.without_rate(variables)
        _training_state.assign_values(variables, state)
        for name, callback in self._description.companions.items():
            if f"callback {name}" in state["description"]:
                callback.set_state(_training_state.with_prefix(f"callback/{name}/", state))
        self._metrics = _training_state.metrics_of(state)
        self._history = state.get("history")
        self._first_step, self._drawn = state["step"], state["drawn"]
        self._clock = WriteClock(self.every_steps, state["drawn"], state["cost"])
        set_initial_epoch(model, state["epoch"])
        if state["stopped"]:
            set_initial_epoch(model, max(state["epoch"], self.params["epochs"]))

    def _restore_history(self, model):
        """Give `History` its past: later than the rest, as it forgets when fit begins."""
        if self._history and getattr(model, "history", None):
            model.history.history = self._history["history"]
            model.history.epoch = self._history["epoch"]
        self._history = None

    def _restore_metrics(self, model):
        _training_state.assign_values(_training_state.metric_variables(model), self._metrics)
        self._metrics = {}

    def _look_at_data(self, spec):
        """Build what TensorFlow builds only when it sees the data."""
        if self._metrics:
            _training_state.build_metrics(self._model, spec)
            self._restore_metrics(self._model)
        elif spec is not None and self._input_spec is None:
            self._input_spec = _training_state.input_spec(spec)

    def _is_due(self, step):
        if self._metrics or not self._can_save(step):
            return False
        if self._interruption:
            return True
        return self._clock.is_due(self._drawn)

    def _can_save(self, step):
        """Whether data can go on after `step` steps of an epoch."""
        return step == 0 or (self._position_is_known and bool(self.params["steps"]))

    def _on_signal(self):
        """Stop at once where no state could be written before the next step."""
        if not self._can_save(step=1):
            self._stop(is_cut=self._is_in_steps and not self._is_last)

    def _stop(self, is_cut):
        """End training after the step, as a signal asks."""
        self._interruption.cut_epoch = is_cut
        if not self._model.stop_training:
            self._model.stop_training = INTERRUPTED

    def _save(self, model, epoch, step, finished=False, stopped=False):
        if not (is_first() and _training_state.can_be_saved(model)):
            return
        with self._clock.writing(self._drawn):
            self._folder.write(self._state(model, epoch, step, finished, stopped))

    def _state(self, model, epoch, step, finished, stopped):
        state = {
            "epoch": epoch,
            "step": step,
            "drawn": self._drawn,
            "cost": self._clock.cost,
            "finished": finished,
            "stopped": stopped,
            "build_config": model.get_build_config(),
            "input_spec": self._input_spec,
            "optimized": _training_state.optimized(model),
            "description": self._description.now(model),
            "data_of_processes": self._description.data_of_processes,
            **_training_state.copy_values(_training_state.variables(model)),
        }
        has_begun = step == 0 and epoch == self._epoch
        for key, value in self._random.to_store(has_begun).items():
            state[f"random/{key}"] = value
        if step:
            state.update(_training_state.copy_values(_training_state.metric_variables(model)))
        for name, callback in self._description.companions.items():
            for key, value in callback.get_state().items():
                state[f"callback/{name}/{key}"] = value
        history = getattr(model, "history", None)
        if history:
            state["history"] = {"epoch": history.epoch, "history": history.history}
        return state
