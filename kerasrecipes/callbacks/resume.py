"""A run that is killed at any moment and started again ends as if it had never been."""

import inspect
import math
import os
import time
import warnings

import keras

from kerasrecipes._backend.random_state import get_random_state, set_random_state
from kerasrecipes._validation import check_integer
from kerasrecipes.callbacks import _fit, _interruption, _training_state
from kerasrecipes.callbacks._state_folder import StateFolder

INTERVAL_IN_WRITES = 100
END_OF_EPOCH = "the rest of the epoch is done"
INTERRUPTED = "a signal asked training to end"


class Resume(keras.callbacks.Callback):
    """Go on exactly where a killed run stopped.

    Put it in the same script that trains, start the script again after any interruption, and
    the final weights, `History` and logs equal those of a run that was never stopped, bit for bit
    where the backend is deterministic (the CPU is). One file holds it all: weights, statistics,
    seed generators, optimizer, running metrics, every kerasrecipes callback, `History`, epoch, step
    and how many batches were drawn. It is written beside its place, synced and renamed, so that a
    kill during the write leaves the one before.

    The data must go on as well. Reading `step` promises that they do: build them with
    `augment.pipeline(..., start_step=resume.step)` and train with `steps_per_epoch`; then the state
    is written inside epochs too. If `step` is never read, it is written between epochs
    only, which suits data that begin again at each epoch in the same order. (Inside epochs,
    `tf.data` and PyTorch loaders go on; Keras does not let a `PyDataset` end an epoch early.)

    Args:
        directory: path of the folder of the states, one folder a run; made if it is not there.
        every_steps: integer >= 1, or `None` (the default): how many steps lie between two states;
            `None` writes one whenever 100 times the time of a write has gone by, which
            costs at most 2% of the training time.
        keep: integer >= 1, how many states to keep. Defaults to 2.

    Attributes:
        step: integer, how many batches the data have given so far: where they must go on. Those of
            its parts are counted too.
        epoch: integer, the 0-based epoch in which training goes on (`fit` is told by itself).
        finished: boolean, whether the run came to its end.

    Raises:
        ValueError: before the first step, if the folder cannot be written, if its state belongs
            to another model, optimizer or set of callbacks (the error says what differs), or if
            it holds states of which none can be read.

    Example:

    >>> import tempfile, numpy as np, keras
    >>> from kerasrecipes.callbacks import Resume
    >>> folder, x, y = tempfile.mkdtemp(), np.ones((8, 2)), np.ones((8, 1))
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> history = model.fit(x, y, epochs=3, verbose=0, callbacks=[Resume(folder)])
    >>> Resume(folder).epoch
    3

    A disk that is full costs a warning and no more; a file that is damaged costs a warning that
    names it, and the one before is used. Differs from `keras.callbacks.BackupAndRestore`, which
    repeats the epoch from its start and loses `History` and the state of callbacks.
    """

    def __init__(self, directory, every_steps=None, keep=2):
        super().__init__()
        if not isinstance(directory, (str, os.PathLike)):
            raise TypeError(
                "Argument `directory` must be a path. Received: "
                f"directory={directory!r} (of type {type(directory).__name__})"
            )
        if every_steps is not None:
            check_integer("every_steps", every_steps, "[1, inf)")
        check_integer("keep", keep, "[1, inf)")
        self.directory = directory
        self.every_steps = every_steps
        self.keep = keep
        self._folder = StateFolder(directory, keep)
        self._position_is_known = False
        self._interruption = _interruption.Interruption()

    @property
    def step(self):
        self._position_is_known = True
        return self._folder.newest().get("drawn", 0) + sum(part.step for part in self._parts())

    @property
    def epoch(self):
        return self._folder.newest().get("epoch", 0)

    @property
    def finished(self):
        return self._folder.newest().get("finished", False)

    def part(self, name):
        """Return a `Resume` with the same options and a folder of its own inside this one.

        For a run of several calls of `fit`, such as the phases of `transfer.fine_tune`: one part
        for each.
        """
        names = list(inspect.signature(type(self).__init__).parameters)[2:]
        options = {name: getattr(self, name) for name in names}
        return type(self)(os.path.join(self.directory, name), **options)

    def _parts(self):
        names = sorted(os.listdir(self.directory)) if os.path.isdir(self.directory) else []
        return [
            self.part(name) for name in names if os.path.isdir(os.path.join(self.directory, name))
        ]

    def set_params(self, params):
        super().set_params(params)
        _fit.join(self)

    def on_train_begin(self, logs=None):
        self._folder.make()
        if self.every_steps and not self._position_is_known:
            warnings.warn(
                f"`every_steps={self.every_steps}` has an effect between epochs only: inside one, "
                "the data can go on only if they are built with `start_step=resume.step`, and "
                "`step` was not read.",
                stacklevel=2,
            )
        self._interruption = _interruption.begin(self, stops=True)
        _fit.begin(self)

    def restore_fit(self, companions):
        """Restore model and companions, once all of them have begun."""
        model, state = self.model, self._folder.newest()
        self._companions = [other for other in companions if hasattr(other, "get_state")]
        _training_state.build(model, state.get("build_config"))
        self._options = {**_training_state.describe_config(model), **self._describe_fit()}
        self._epoch, self._first_step, self._drawn = None, 0, 0
        self._metrics, self._history, self._random = {}, None, None
        self._last_drawn, self._last_time, self._cost = -math.inf, -math.inf, 0.0
        if state:
            self._check(model, state)
            self._restore(model, state)
        self._folder.forget()

    def on_epoch_begin(self, epoch, logs=None):
        model = self.model
        model._initial_epoch = None
        self._restore_history(model)
        if self._epoch is not None:
            self._first_step = 0
        self._epoch = epoch
        if self._metrics.keys() == _training_state.metric_variables(model).keys():
            self._restore_metrics(model)

    def on_train_batch_begin(self, batch, logs=None):
        step = self._first_step + batch
        if self._is_due(step):
            self._save(self.model, self._epoch, step)
        size = self._model.steps_per_execution
        self._is_last = bool(self.params["steps"]) and step + size >= self.params["steps"]
        if self._interruption and self._can_save(step):
            self._stop(is_cut=not self._is_last)
        if self._metrics:
            self._restore_metrics_with_data(self._model)
        if self._random:
            set_random_state(self._random)
            self._random = None
        self._drawn += size
        if self._first_step and self._is_last and not self._model.stop_training:
            # The epoch that a kill cut in two runs its rest only.
            self._model.stop_training = END_OF_EPOCH

    def on_train_batch_end(self, batch, logs=None):
        if self._interruption and not self._can_save(step=1):
            self._stop(is_cut=not self._is_last)

    def on_epoch_end(self, epoch, logs=None):
        if self._model.stop_training is END_OF_EPOCH:
            self._model.stop_training = False
        if self._interruption:
            self._stop(self._interruption.cut_epoch)

    def save_before_end(self):
        """Write the last state, before a companion changes the model for good."""
        if self._epoch is not None and not self._interruption.cut_epoch:
            is_stopped = self._model.stop_training and self._model.stop_training is not INTERRUPTED
            is_finished = is_stopped or self._epoch + 1 >= self.params["epochs"]
            self._save(self.model, self._epoch + 1, 0, bool(is_finished), bool(is_stopped))
        self._epoch = None

    def on_train_end(self, logs=None):
        self._model._initial_epoch = None
        self._restore_history(self._model)
        _fit.end(self)
        _interruption.end(self, self._interruption)

    def _describe_fit(self):
        """Return {what: how} of the callbacks and of the size of an epoch."""
        description = {
            "steps per epoch": str(self.params["steps"]),
            "steps_per_execution": str(self._model.steps_per_execution),
        }
        for name, callback in zip(_fit.names(self._companions), self._companions):
            description[f"callback {name}"] = "present"
            for option in inspect.signature(type(callback).__init__).parameters:
                value = getattr(callback, option, None)
                if isinstance(value, (str, int, float)):
                    description[f"callback {name}.{option}"] = repr(value)
        return description

    def _check(self, model, state):
        here = {**_training_state.describe_variables(model), **self._options}
        lines = _training_state.differences(state["description"], here)
        if lines:
            raise ValueError(
                "Argument `directory` must hold the state of the same model, optimizer and "
                "callbacks. It differs in\n  " + "\n  ".join(lines) + "\n"
                f"Received: directory={str(self.directory)!r}"
            )
        if state["step"] and not self._position_is_known:
            raise ValueError(
                f"The state was written inside epoch {state['epoch']}, after step {state['step']}: "
                "build the data with `start_step=resume.step`, as the run that wrote it did. "
                f"Received: directory={str(self.directory)!r}"
            )

    def _restore(self, model, state):
        _training_state.assign_values(_training_state.variables(model), state)
        for name, callback in zip(_fit.names(self._companions), self._companions):
            callback.set_state(_training_state.with_prefix(f"callback/{name}/", state))
        self._metrics = {name: state[name] for name in state if name.startswith("metrics/")}
        self._history = state.get("history")
        self._random = _training_state.with_prefix("random/", state)
        self._first_step, self._drawn = state["step"], state["drawn"]
        self._last_drawn, self._last_time = state["drawn"], time.monotonic()
        self._cost = state["cost"]
        model._initial_epoch = state["epoch"]
        if state["stopped"]:
            model._initial_epoch = max(state["epoch"], self.params["epochs"])

    def _restore_history(self, model):
        """Give `History` its past: later than the rest, as it forgets when fit begins."""
        if self._history and getattr(model, "history", None):
            model.history.history = self._history["history"]
            model.history.epoch = self._history["epoch"]
        self._history = None

    def _restore_metrics(self, model):
        _training_state.assign_values(_training_state.metric_variables(model), self._metrics)
        self._metrics = {}

    def _restore_metrics_with_data(self, model):
        """Restore metrics that TensorFlow does not create before it has seen the data."""
        train_function = model.train_function

        def restore_and_train(iterator):
            _training_state.build_metrics(model, iterator.element_spec)
            self._restore_metrics(model)
            model.train_function = train_function
            return train_function(iterator)

        model.train_function = restore_and_train

    def _is_due(self, step):
        if self._metrics or not self._can_save(step):
            return False
        if self._interruption:
            return True
        if self.every_steps:
            return self._drawn - self._last_drawn >= self.every_steps
        return time.monotonic() - self._last_time >= INTERVAL_IN_WRITES * self._cost

    def _can_save(self, step):
        """Whether data can go on after `step` steps of an epoch."""
        return step == 0 or (self._position_is_known and bool(self.params["steps"]))

    def _stop(self, is_cut):
        """End training after the step, as a signal asks."""
        self._interruption.cut_epoch = is_cut
        if not self._model.stop_training:
            self._model.stop_training = INTERRUPTED

    def _save(self, model, epoch, step, finished=False, stopped=False):
        if not (model.built and model.optimizer.built):
            return
        start = time.monotonic()
        self._folder.write(self._state(model, epoch, step, finished, stopped))
        self._last_drawn, self._last_time = self._drawn, time.monotonic()
        self._cost = self._last_time - start

    def _state(self, model, epoch, step, finished, stopped):
        state = {
            "epoch": epoch,
            "step": step,
            "drawn": self._drawn,
            "cost": self._cost,
            "finished": finished,
            "stopped": stopped,
            "build_config": model.get_build_config(),
            "description": {**_training_state.describe_variables(model), **self._options},
            **_training_state.copy_values(_training_state.variables(model)),
        }
        for key, value in get_random_state().items():
            state[f"random/{key}"] = value
        if step:
            state.update(_training_state.copy_values(_training_state.metric_variables(model)))
        for name, callback in zip(_fit.names(self._companions), self._companions):
            for key, value in callback.get_state().items():
                state[f"callback/{name}/{key}"] = value
        history = getattr(model, "history", None)
        if history:
            state["history"] = {"epoch": history.epoch, "history": history.history}
        return state
