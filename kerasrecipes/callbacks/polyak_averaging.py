"""The average of the weights along the training, in the model whenever someone looks."""

import functools
import inspect
from typing import Any

import numpy as np
from keras import ops

from kerasrecipes._backend.averaging import (
    WARM_UP,
    averages_of,
    count_of_updates,
    counters_of_updates,
    owner_of_averages,
)
from kerasrecipes._backend.keras_internals import running_fits
from kerasrecipes._validation import check_boolean, check_integer, check_number
from kerasrecipes.callbacks import _raw_weights, _training_state
from kerasrecipes.callbacks._fit_callback import FitCallback


class PolyakAveraging(FitCallback):
    """Averages the weights exponentially and shows the average wherever the model is used.

    ```
    average = d_t · average + (1 - d_t) · weights       after update t = 0, 1, ... of the optimizer
    d_t     = min(decay, (1 + t) / (10 + t))            with warm-up, else decay
    ```

    beginning from the weights at the beginning of `fit`, after each update of any optimizer that
    the model holds (a custom `train_step` may have its own). The raw weights are in the model while
    a step runs; between steps, and after `fit`, the model has the averages. So validation, every
    callback, every file and `predict` use the same weights, in any order of callbacks. A second
    `fit` with the same object trains on from the raw weights (unless the model's weights were
    changed in between; layers that were frozen in between stay as they are). Under gradient
    accumulation, one update of the average for each real update; a step that a loss scale skips
    changes nothing.

    Args:
        decay: float in [0, 1), the fraction of the old average that is kept. Defaults to 0.999.
        warmup: bool, whether the decay begins low. Defaults to `True`.
        include_statistics: bool, whether the statistics of normalisation are averaged too;
            otherwise the model has those of the raw weights. Defaults to `True`.
        start_step: int >= 0, optimizer updates in this `fit` before the average
            begins; until then it is the weights themselves. Defaults to 0.

    Raises:
        TypeError: for an argument of the wrong type.
        ValueError: for an argument outside its range; before the first step, if the optimizer was
            compiled with `use_ema=True`, which averages by itself, or another `PolyakAveraging`
            is in the same `fit`.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.callbacks import PolyakAveraging
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    >>> model.set_weights([np.zeros((1, 1))])
    >>> model.compile(keras.optimizers.SGD(0.25), "mse")
    >>> x = y = np.ones((1, 1))
    >>> averaging = PolyakAveraging(decay=0.5, warmup=False)
    >>> history = model.fit(x, y, epochs=2, verbose=0, callbacks=[averaging])
    >>> model.get_weights()[0].item()  # of the weights 0.5 and 0.75
    0.5

    Reference: Polyak & Juditsky (1992), https://doi.org/10.1137/0330046; the exponential form and
        its warm-up as in TensorFlow's `ExponentialMovingAverage`. Statistics are averaged too.
    """

    def __init__(
        self,
        decay: float = 0.999,
        warmup: bool = True,
        include_statistics: bool = True,
        start_step: int = 0,
    ) -> None:
        super().__init__()
        check_number("decay", decay, "[0, 1)")
        check_boolean("warmup", warmup)
        check_boolean("include_statistics", include_statistics)
        check_integer("start_step", start_step, "[0, inf)")
        self.decay = decay
        self.warmup = warmup
        self.include_statistics = include_statistics
        self.start_step = start_step
        self._averages = self._function = self._plain_function = None
        self._variables, self._origin = [], 0
        self._left = None
        self._is_armed = False
        self._in_fit = False
        self._guarded = self._guard

    def _begin(self):
        model = self.model
        _raw_weights.check_optimizers_do_not_average(model, "PolyakAveraging")
        self.check_only("A model can show one average")
        for owner in (self, owner_of_averages(model)):
            if owner is not None:
                owner._end_average()  # of a fit that failed
        self._in_fit = True
        _training_state.build(model)
        if model.built:
            self._begin_average(model)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        # Before the first batch, where `Resume` wraps the step: what it wraps must average.
        if self._averages is not None:
            self._average_in_steps()

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        model = self._model
        if self._averages is None:
            model.train_function = functools.partial(self._build_and_train, model.train_function)
        else:
            self._average_in_steps()
        self._is_armed = True

    def _end(self):
        self._end_average()
        self._in_fit = False

    def raw_weights(self) -> list[np.ndarray]:
        """Return the weights that train on, as a list of arrays in the order of `model.weights`.

        What is not averaged is as the model has it. `model.set_weights` takes the list.

        Raises:
            ValueError: if no `fit` has begun; of a copy, before `set_model`.
        """
        if self._in_fit and self._averages is None:  # its first step will build the model
            return [np.array(ops.convert_to_numpy(weight)) for weight in self._model.weights]
        raw = (self._averages.get() if self._averages is not None else self._left or ([], []))[0]
        _raw_weights.check_averaged(raw)
        model, variables = self._trained_model, self._variables
        if not variables:  # of a copy, which has been given the model
            variables = _raw_weights.float_variables(model, self.include_statistics)
        return _raw_weights.raw_weights(model, variables, raw)

    def __getstate__(self):
        state = super().__getstate__()
        if self._averages is not None:
            state["_left"] = self._averages.get()
        del state["_guarded"]
        nothing = dict.fromkeys(("_averages", "_function", "_plain_function"))
        return {**state, **nothing, "_variables": [], "_in_fit": False}

    def __setstate__(self, state):
        vars(self).update(state)
        self._guarded = self._guard

    def get_state(self) -> dict[str, Any]:
        """Return the raw weights; the averages are in the model, but those of short floats."""
        if self._averages is None:
            raw, averages = self._left or ([], [])
        else:
            raw, averages = self._averages.get()
        state = {f"raw/{i}": value for i, value in enumerate(raw)}
        wide = {
            f"average/{i}": average
            for i, (average, value) in enumerate(zip(averages, raw))
            if average.dtype != value.dtype
        }
        return {"origin": self._origin, **state, **wide}

    def set_state(self, state: dict[str, Any]) -> None:
        if self._in_fit and self._averages is None:
            self._begin_average(self.model)
        self._origin = state["origin"]
        shown = [ops.convert_to_numpy(variable) for variable in self._variables]
        averages = [state.get(f"average/{i}", value) for i, value in enumerate(shown)]
        raw = [state[f"raw/{i}"] for i in range(len(shown))]
        if self._averages is None:
            self._left = raw, averages
        else:
            self._averages.set(raw, averages)
            self._averages.set_schedule(self._schedule())

    def _begin_average(self, model):
        self._variables = _raw_weights.float_variables(model, self.include_statistics)
        if self._left is not None:
            _raw_weights.put_back(model, self._variables, *self._left)
            self._left = None
        counters, groups = zip(*counters_of_updates(model))
        counts = [int(ops.convert_to_numpy(counter)) for counter in counters]
        self._origin = count_of_updates(counts, groups)
        self._averages = averages_of(model, self._variables, self._schedule(), self)

    def _build_and_train(self, train_function, iterator):
        """Begin with a model that TensorFlow does not build before it has seen the data."""
        model = self._model
        _training_state.build_metrics(model, iterator.element_spec)
        _training_state.build(model)
        model.reset_metrics()
        self._begin_average(model)
        model.train_function = train_function
        self.on_train_batch_begin(0)
        return model.train_function(iterator)

    def _average_in_steps(self):
        model = self._model
        if not self._is_in(model.train_function):
            self._plain_function = model.train_function
            self._function = self._averages.averaging(model.train_function)
            model.train_function = self._guarded

    def _is_in(self, train_function):
        """Whether a step averages: `Resume` wraps the first one, and a fit may fail just then."""
        return train_function is not None and inspect.unwrap(train_function) is self._guarded

    def _end_average(self):
        if self._averages is None:
            return
        model = self._averages.model
        self._left = self._averages.get()
        self._averages.end()
        self._averages.owner = None
        # Another callback may have had the step compiled again since.
        if self._is_in(model.train_function):
            model.train_function = self._plain_function
        self._averages = self._function = self._plain_function = None

    def _schedule(self):
        warm_up = WARM_UP if self.warmup else 0.0
        return 1.0 - self.decay, warm_up, self._origin + self.start_step

    def _guard(self, *arguments):
        """Train with averages in a step of this `fit`; take them away after one that failed."""
        is_armed, self._is_armed = self._is_armed, False
        _, running = next(running_fits(), (None, None))
        if is_armed and running is self.params:
            return self._function(*arguments)
        model = self._model
        self._end_average()
        return model.train_function(*arguments)
