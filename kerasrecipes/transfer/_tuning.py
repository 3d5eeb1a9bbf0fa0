"""A fine-tuning that is under way, phase after phase."""

import math
import os
import warnings

import keras

from kerasrecipes.callbacks import PolyakAveraging, Resume
from kerasrecipes.transfer import _cached_head
from kerasrecipes.transfer._best_phase import BestPhase
from kerasrecipes.transfer._freezing import Unmoved, freeze
from kerasrecipes.transfer._phase_optimizer import PhaseOptimizers
from kerasrecipes.transfer._validate_arrays import ValidateArrays


class Tuning:
    """What one phase of a fine-tuning leaves to the next.

    Args:
        model, optimizer, callbacks, verbose: those of `fine_tune`.
        data: `TuningData`.
        compile_options: dict for `compile`, but for the optimizer.

    Attributes:
        interrupted: boolean, whether Ctrl-C ended the last phase.
    """

    def __init__(self, model, data, optimizer, callbacks, compile_options, verbose):
        self._model, self._data = model, data
        self._optimizers = PhaseOptimizers(model, keras.optimizers.get(optimizer))
        self._callbacks = list(callbacks)
        self._best = BestPhase(self._callbacks)
        self._compile_options, self._verbose = compile_options, verbose
        self._history = keras.callbacks.History()
        self._history.set_model(model)
        self._history.on_train_begin()
        self._phases = self._epoch = self._steps = 0
        self._cached = None
        self._raw_head = []
        self.interrupted = False

    def run(self, phase, cache):
        """Train one phase and add its epochs to the history."""
        self._phases += 1
        self._prepare(phase)
        self._optimizers.build(self._model.optimizer)
        unmoved, watch = Unmoved(self._model), _Watch(self._callbacks)
        callbacks = [watch, *map(self._of_phase, self._callbacks)]
        resume = next((other for other in callbacks if isinstance(other, Resume)), None)
        parts = _cached_head.cut(self._model) if self._uses_cache(phase, cache) else None
        if parts is None:
            self._cached = None
            self._put_raw_head()
            callbacks.append(unmoved)
            history = self._fit(self._model, self._data, phase, callbacks, resume)
        else:
            history = self._fit_head(parts, phase, callbacks, resume)
        unmoved.check()
        self.interrupted = watch.interrupted
        self._optimizers.count()
        self._best.look(self._model, phase)
        self._add(history)

    def finish(self, phase):
        """Give the model back as the best phase left it; `phase` was the last."""
        self._best.restore(self._model, phase, self._prepare)
        self._model.history = self._history
        return self._history

    def _prepare(self, phase, optimizer=None):
        """Freeze and compile, with a new optimizer unless one is given."""
        freeze(self._model, phase)
        optimizer = optimizer or self._optimizers.make(phase)
        self._model.compile(optimizer=optimizer, **self._compile_options)

    def _of_phase(self, callback):
        """The callback itself, but a `Resume` with a folder of the phase's own."""
        if not isinstance(callback, Resume):
            return callback
        folder = os.path.join(callback.directory, f"phase{self._phases}")
        return Resume(folder, callback.every_steps, callback.keep)

    def _uses_cache(self, phase, cache):
        if phase.train != "head" or cache is False:
            return False
        if cache is True:
            return True
        if not self._data.are_arrays or _cached_head.draws_at_random(self._model):
            return False
        lookers = [other for other in self._callbacks if _cached_head.looks_at_model(other)]
        if lookers:
            warnings.warn(
                f"The head trains without cached features: {type(lookers[0]).__name__} may look at "
                "the whole model. Say `cache=True` if it does not, `cache=False` if it does.",
                stacklevel=4,
            )
        return not lookers

    def _fit_head(self, parts, phase, callbacks, resume):
        data = self._features(parts, resume)
        if data.validation is not None:
            callbacks = [ValidateArrays(data.validation), *callbacks]
            data = data.without_validation()
        parts.head.compile(optimizer=self._model.optimizer, **self._compile_options)
        history = self._fit(parts.head, data, phase, callbacks, resume)
        self._raw_head = _raw_weights(parts.head, self._callbacks)
        return history

    def _features(self, parts, resume):
        """The data with features for images, computed once for phases in a row."""
        if resume is not None and resume.finished and self._data.are_arrays:
            # Nothing will train on them.
            return self._data.of_features(parts.zeros)
        if self._cached is None:
            batch_size = self._data.batch_size
            self._cached = self._data.of_features(lambda data: parts.extract(data, batch_size))
        return self._cached

    def _put_raw_head(self):
        """Let a head that was averaged by itself go on from its raw weights.

        `PolyakAveraging` does that where the model stays the same; that of cached features was the
        head alone.
        """
        for variable, value in self._raw_head:
            variable.assign(value)
        self._raw_head = []

    def _fit(self, model, data, phase, callbacks, resume):
        begins = 0 if data.begin_at is None else self._steps + (resume.step if resume else 0)
        batches = data.from_step(begins)
        return model.fit(
            batches,
            initial_epoch=self._epoch,
            epochs=self._epoch + phase.epochs,
            steps_per_epoch=data.steps_per_epoch,
            validation_data=data.validation,
            class_weight=data.class_weight,
            callbacks=callbacks,
            shuffle=isinstance(batches, keras.utils.PyDataset),
            verbose=self._verbose,
        )

    def _add(self, part):
        """Add the epochs of a phase; what it did not log is NaN."""
        past, count = self._history.history, len(self._history.epoch)
        for name in [*past, *(name for name in part.history if name not in past)]:
            values = part.history.get(name, [math.nan] * len(part.epoch))
            past.setdefault(name, [math.nan] * count).extend(values)
        self._history.epoch.extend(part.epoch)
        self._epoch = max([self._epoch, *(epoch + 1 for epoch in part.epoch)])
        self._steps += len(part.epoch) * (self._data.steps_per_epoch or 0)


def _raw_weights(head, callbacks):
    """Return [(variable, raw value)] of a head whose averages a `PolyakAveraging` left in it."""
    averagings = [other for other in callbacks if isinstance(other, PolyakAveraging)]
    if not averagings:
        return []
    state, everything = averagings[-1].get_state(), averagings[-1].include_statistics
    variables = [v for v in head.variables if "float" in v.dtype and (everything or v.trainable)]
    raw = [state.get(f"raw/{i}") for i in range(len(variables))]
    return [(variable, value) for variable, value in zip(variables, raw) if value is not None]


class _Watch(keras.callbacks.Callback):
    """Notes that Ctrl-C ended a phase, before whoever handled it forgets.

    Attributes:
        interrupted: boolean.
    """

    def __init__(self, others):
        super().__init__()
        self._others = others
        self.interrupted = False

    def on_epoch_end(self, epoch, logs=None):
        self._look()

    def on_train_end(self, logs=None):
        self._look()

    def _look(self):
        now = any(getattr(other, "interrupted", False) for other in self._others)
        self.interrupted = self.interrupted or now
