"""Averaged weights: training continues from the raw weights, but the model holds the averages.

Python code can read a model only between calls of its `train_function`. The classes here assign the
raw weights to the model for the duration of a step, update the averages after each update of the
optimizer, and assign the averages to the model. Callbacks therefore never see raw weights.
"""

import functools
import itertools

import keras
from keras import ops

from kerasrecipes._backend.compiled_step import compiled_step
from kerasrecipes._backend.keras_internals import step_counter
from kerasrecipes._backend.replicas import scope_of
from kerasrecipes._backend.updating_optimizers import own_optimizers, updating_optimizers

KEPT = "_averages_of_weights"  # attribute of a model
MOST = 4  # steps that are kept for the next `fit`


def averages_of(model, variables, schedule, owner):
    """Return the backend's averages of `variables`, which begin as the current values.

    The model keeps them for its next `fit`: TensorFlow hardly frees memory of compiled functions.

    Args:
        model: the model.
        variables: list of its variables.
        schedule: tuple, the arguments of `fraction_of_new` after the two counts.
        owner: the callback; it sets `owner` of the averages to `None` at its end.
    """
    kind = {"tensorflow": TensorFlowAverages, "jax": JaxAverages, "torch": TorchAverages}
    averages = vars(model).get(KEPT)
    if averages is None or not _is_same(averages.variables, variables):
        averages = kind[keras.backend.backend()](model, variables)
        vars(model)[KEPT] = averages  # past the tracking of attributes: it is no part of the model
    averages.owner = owner
    averages.begin(schedule)
    return averages


def owner_of_averages(model):
    """Return the callback that averages in a `fit` that runs or has raised; `None` without one."""
    return getattr(vars(model).get(KEPT), "owner", None)


def fraction_of_new(before, after, least, warm_up, start):
    """Return the fraction of the new weights in the average: 0 if no optimizer updated them.

    Args:
        before: count of updates before the step.
        after: count of updates after it.
        least: 1 - decay.
        warm_up: `WARM_UP` for a decay that begins low, else 0.
        start: count of updates at which the average begins.
    """
    t = ops.cast(after - 1 - start, "float32")
    fraction = ops.maximum(least, warm_up / (10.0 + ops.maximum(t, 0.0)))
    fraction = ops.where(t < 0, 1.0, fraction)
    return ops.where(after > before, fraction, 0.0)


WARM_UP = 9.0  # 1 - (1 + t) / (10 + t) = 9 / (10 + t)


def _is_same(first, second):
    return len(first) == len(second) and all(one is other for one, other in zip(first, second))


def counters_of_updates(model):
    """Return [(step counter, steps per update)] of all optimizers of the model."""
    every = [model.optimizer, *own_optimizers(model).values()]
    updating = [inner for optimizer in every for inner in updating_optimizers(optimizer)]
    return [(step_counter(one), one.gradient_accumulation_steps or 1) for one in updating]


def count_of_updates(counts, groups):
    """Return the number of updates of all optimizers, from their step counts."""
    return sum(count // group for count, group in zip(counts, groups))


def mix(average, value, fraction):
    """Return average + fraction · (value - average), exact where `fraction` is 0 or 1."""
    fraction = ops.cast(fraction, average.dtype)
    value = ops.cast(value, average.dtype)
    step = value - average
    return ops.where(fraction < 0.5, average + fraction * step, value - (1 - fraction) * step)


def wide_dtype(variable):
    """Return the dtype of an average: float32 or more, as half precision loses small updates."""
    return "float64" if variable.dtype == "float64" else "float32"


def to_numpy(values):
    return [ops.convert_to_numpy(value).copy() for value in values]


class TensorFlowAverages:
    """Averages within the compiled step, for any `steps_per_execution`."""

    def __init__(self, model, variables):
        import tensorflow as tf

        self.model, self.variables = model, variables
        with scope_of(model):
            self.raw = [tf.Variable(v.value, trainable=False) for v in variables]
            self.averages = [
                tf.Variable(tf.cast(v.value, wide_dtype(v)), trainable=False) for v in variables
            ]
            self.schedule = [
                tf.Variable(zero, trainable=False) for zero in (0.0, 0.0, tf.zeros((), "int64"))
            ]
        # Always compiled by XLA: hundreds of small kernels could take longer than the step.
        self.update = tf.function(self._update, jit_compile=True)
        self.functions = {}  # {step that was replaced: step with averages}

    def begin(self, schedule):
        self.set(self.variables, self.variables)
        self.set_schedule(schedule)

    def set_schedule(self, schedule):
        for variable, value in zip(self.schedule, schedule):
            variable.assign(value)

    def averaging(self, train_function):
        """Return the function to train with instead of `train_function`, one for each compile."""
        if train_function not in self.functions:
            self.counters, self.groups = zip(*counters_of_updates(self.model))
            self.plain_step = self.model.train_step
            function = compiled_step(self.model, self.step)
            if len(self.functions) == MOST:
                del self.functions[next(iter(self.functions))]
            self.functions[train_function] = function
        return self.functions[train_function]

    def step(self, data):
        for variable, raw in zip(self.variables, self.raw):
            variable.assign(raw)
        before = self.count()
        logs = self.plain_step(data)
        self.update(before, self.count())
        return logs

    def count(self):
        return count_of_updates([ops.copy(counter) for counter in self.counters], self.groups)

    def _update(self, before, after):
        before, after = ops.cast(before, "int64"), ops.cast(after, "int64")
        fraction = fraction_of_new(before, after, *self.schedule)
        for variable, raw, average in zip(self.variables, self.raw, self.averages):
            raw.assign(variable.value)
            average.assign(mix(average, raw, fraction))
            variable.assign(average)

    def end(self):
        """Nothing to free: the compiled step refers to the variables."""

    def get(self):
        return to_numpy(self.raw), to_numpy(self.averages)

    def set(self, raw, averages):
        for variable, value in zip([*self.raw, *self.averages], [*raw, *averages]):
            variable.assign(ops.cast(value, variable.dtype.name))


class JaxAverages:
    """Averages around the compiled step: the weights are its arguments, so nothing is copied."""

    def __init__(self, model, variables):
        import jax

        self.model, self.variables = model, variables
        self.update = jax.jit(self._update, static_argnums=5, donate_argnums=0)

    def begin(self, schedule):
        model = self.model
        self.counted = []
        places = {id(v): place for place, v in enumerate(model.optimizer.variables)}
        # On JAX the step receives the state of the compiled optimizer only.
        counters = [(places[id(v)], g) for v, g in counters_of_updates(model) if id(v) in places]
        self.counters, self.groups = zip(*counters)
        places = [id(v) for v in [*model.trainable_variables, *model.non_trainable_variables]]
        self.places = [places.index(id(v)) for v in self.variables]
        values = [ops.convert_to_numpy(v) for v in self.variables]
        self.set(values, values)
        self.set_schedule(schedule)

    def set_schedule(self, schedule):
        self.schedule = [ops.array(value) for value in schedule]  # on the device, once for all

    def averaging(self, train_function):
        return functools.partial(self.run, train_function)

    def run(self, train_function, state, iterator):
        batches = itertools.islice(iterator, self.model.steps_per_execution)
        shown, logs = state, None
        for data in batches:
            logs, shown = self.step(train_function, shown, data)
        if logs is None:
            raise StopIteration
        return logs, shown

    def step(self, train_function, state, data):
        if not _is_same(self.counted, self._counters_in(state)):  # a callback may set them
            self.updates = count_of_updates(self._counters_in(state), self.groups)
        logs, state = train_function(self._exchange(state, self.raw), iter([data]))
        weights = [*state[0], *state[1]]
        self.raw = [weights[place] for place in self.places]
        self.counted = self._counters_in(state)
        self.averages, shown, self.updates = self.update(
            self.averages, self.raw, self.updates, self.counted, self.schedule, self.groups
        )
        return logs, self._exchange(state, shown)

    def _counters_in(self, state):
        return [state[2][place] for place in self.counters]

    def end(self):
        self.raw = self.averages = None

    def get(self):
        return to_numpy(self.raw), to_numpy(self.averages)

    def set(self, raw, averages):
        self.raw = [ops.array(value) for value in raw]
        wide = [wide_dtype(v) for v in self.variables]
        self.averages = [ops.array(value, dtype) for value, dtype in zip(averages, wide)]

    def _update(self, averages, values, before, counters, schedule, groups):
        after = count_of_updates(counters, groups)
        new = fraction_of_new(before, after, *schedule)
        averages = [mix(average, value, new) for average, value in zip(averages, values)]
        return averages, [ops.cast(a, v.dtype) for a, v in zip(averages, self.variables)], after

    def _exchange(self, state, values):
        """Return the trainer's state with `values` instead of the averaged weights."""
        trainable, non_trainable, *rest = state
        weights = [*trainable, *non_trainable]
        for place, value in zip(self.places, values):
            weights[place] = value
        return weights[: len(trainable)], weights[len(trainable) :], *rest


class TorchAverages:
    """Averages around the step; each copy and update is one call for all weights."""

    def __init__(self, model, variables):
        import torch

        self.torch, self.model, self.variables = torch, model, variables

    def begin(self, schedule):
        self.counters, self.groups = zip(*counters_of_updates(self.model))
        self.raw = [v.value.detach().clone() for v in self.variables]
        wide = [getattr(self.torch, wide_dtype(v)) for v in self.variables]
        self.averages = [r.clone().to(dtype) for r, dtype in zip(self.raw, wide)]
        self.set_schedule(schedule)

    def set_schedule(self, schedule):
        self.schedule = schedule

    def averaging(self, train_function):
        return functools.partial(self.run, train_function)

    def run(self, train_function, data):
        shown = [v.value.detach() for v in self.variables]
        before = self.count()
        with self.torch.no_grad():
            self.torch._foreach_copy_(shown, self.raw)
        try:
            return train_function(data)
        finally:
            with keras.device("cpu"):
                fraction = float(fraction_of_new(before, self.count(), *self.schedule))
            with self.torch.no_grad():
                self.torch._foreach_copy_(self.raw, shown)
                new = [r.to(a.dtype) for r, a in zip(self.raw, self.averages)]
                self.torch._foreach_lerp_(self.averages, new, fraction)
                self.torch._foreach_copy_(shown, self.averages)

    def count(self):
        return count_of_updates([int(counter.value) for counter in self.counters], self.groups)

    def end(self):
        self.raw = self.averages = None

    def get(self):
        return to_numpy(self.raw), to_numpy(self.averages)

    def set(self, raw, averages):
        with self.torch.no_grad():
            for tensor, value in zip([*self.raw, *self.averages], [*raw, *averages]):
                tensor.copy_(ops.convert_to_tensor(value))
