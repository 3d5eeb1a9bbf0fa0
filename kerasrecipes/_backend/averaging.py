"""Averaged weights: training continues from the raw weights, but the model holds the averages.

Python code can read a model only between calls of its `train_function`. The classes here assign the
raw weights to the model for the duration of a step, update the averages after each update of the
optimizer, and assign the averages to the model. Callbacks therefore never see raw weights.
"""

import functools
import itertools

import keras
from keras import ops

from kerasrecipes._backend.keras_internals import step_counter
from kerasrecipes._backend.updating_optimizers import own_optimizers, updating_optimizers


def averages_of(model, variables, share):
    """Return the backend's averages of `variables`.

    `share(before, after)` is the weight of the new values in the average, as a function of the
    optimizer's number of updates before and after the step.
    """
    kind = {"tensorflow": TensorFlowAverages, "jax": JaxAverages, "torch": TorchAverages}
    return kind[keras.backend.backend()](model, variables, share)


def counters_of_updates(model):
    """Return [(step counter, steps per update)] of all optimizers of the model."""
    every = [model.optimizer, *own_optimizers(model).values()]
    updating = [inner for optimizer in every for inner in updating_optimizers(optimizer)]
    return [(step_counter(one), one.gradient_accumulation_steps or 1) for one in updating]


def count_of_updates(counts, groups):
    """Return the number of updates of all optimizers, from their step counts."""
    return sum(count // group for count, group in zip(counts, groups))


def mix(average, value, share):
    """Return average + share · (value - average), exact where `share` is 0 or 1."""
    share = ops.cast(share, average.dtype)
    value = ops.cast(value, average.dtype)
    step = value - average
    return ops.where(share < 0.5, average + share * step, value - (1 - share) * step)


def wide_dtype(variable):
    """Return the dtype of an average: float32 or more, as half precision loses small updates."""
    return "float64" if variable.dtype == "float64" else "float32"


def to_numpy(values):
    return [ops.convert_to_numpy(value).copy() for value in values]


class TensorFlowAverages:
    """Averages within the compiled step, for any `steps_per_execution`."""

    def __init__(self, model, variables, share):
        import tensorflow as tf

        self.model, self.variables, self.share = model, variables, share
        self.counters, self.groups = zip(*counters_of_updates(model))
        self.raw = [tf.Variable(v.value, trainable=False) for v in variables]
        self.averages = [
            tf.Variable(tf.cast(v.value, wide_dtype(v)), trainable=False) for v in variables
        ]
        # Always compiled by XLA: hundreds of small kernels could take longer than the step.
        self.update = tf.function(self._update, jit_compile=True)
        self.plain_step = model.train_step
        self.averaging_step = functools.partial(self.step)

    def averaging(self, train_function):
        """Return the function to train with instead of `train_function`."""
        if vars(self.model).get("train_step") is self.averaging_step:
            return train_function
        self.model.train_step = self.averaging_step
        self.model.make_train_function(force=True)
        return self.model.train_function

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
        share = self.share(before, after)
        for variable, raw, average in zip(self.variables, self.raw, self.averages):
            raw.assign(variable.value)
            average.assign(mix(average, raw, share))
            variable.assign(average)

    def remove(self):
        if vars(self.model).get("train_step") is self.averaging_step:
            del self.model.train_step
        self.model.make_train_function(force=True)

    def get(self):
        return to_numpy(self.raw), to_numpy(self.averages)

    def set(self, raw, averages):
        for variable, value in zip([*self.raw, *self.averages], [*raw, *averages]):
            variable.assign(value)


class JaxAverages:
    """Averages around the compiled step: the weights are its arguments, so nothing is copied."""

    def __init__(self, model, variables, share):
        import jax

        self.model, self.variables, self.plain = model, variables, None
        places = {id(v): place for place, v in enumerate(model.optimizer.variables)}
        # On JAX the step receives the state of the compiled optimizer only.
        counters = [(places[id(v)], g) for v, g in counters_of_updates(model) if id(v) in places]
        self.counters, self.groups = zip(*counters)
        places = [id(v) for v in [*model.trainable_variables, *model.non_trainable_variables]]
        self.places = [places.index(id(v)) for v in variables]
        values = [ops.convert_to_numpy(v) for v in variables]
        self.set(values, values)
        self.update = jax.jit(functools.partial(self._update, share), donate_argnums=0)

    def averaging(self, train_function):
        self.plain = train_function
        return self.run

    def run(self, state, iterator):
        batches = itertools.islice(iterator, self.model.steps_per_execution)
        shown, logs = state, None
        for data in batches:
            logs, shown = self.step(shown, data)
        if logs is None:
            raise StopIteration
        return logs, shown

    def step(self, state, data):
        before = self.count(state)
        logs, state = self.plain(self._exchange(state, self.raw), iter([data]))
        weights = [*state[0], *state[1]]
        self.raw = [weights[place] for place in self.places]
        after = self.count(state)
        self.averages, shown = self.update(self.averages, self.raw, before, after)
        return logs, self._exchange(state, shown)

    def count(self, state):
        return count_of_updates([state[2][place] for place in self.counters], self.groups)

    def remove(self):
        if self.plain is not None:
            self.model.train_function = self.plain

    def get(self):
        return to_numpy(self.raw), to_numpy(self.averages)

    def set(self, raw, averages):
        self.raw = [ops.array(value) for value in raw]
        wide = [wide_dtype(v) for v in self.variables]
        self.averages = [ops.array(value, dtype) for value, dtype in zip(averages, wide)]

    def _update(self, share, averages, values, before, after):
        new = share(before, after)
        averages = [mix(average, value, new) for average, value in zip(averages, values)]
        return averages, [ops.cast(a, v.dtype) for a, v in zip(averages, self.variables)]

    def _exchange(self, state, values):
        """Return the trainer's state with `values` instead of the averaged weights."""
        trainable, non_trainable, *rest = state
        weights = [*trainable, *non_trainable]
        for place, value in zip(self.places, values):
            weights[place] = value
        return weights[: len(trainable)], weights[len(trainable) :], *rest


class TorchAverages:
    """Averages around the step; each copy and update is one call for all weights."""

    def __init__(self, model, variables, share):
        import torch

        self.torch = torch
        self.model, self.variables, self.share = model, variables, share
        self.counters, self.groups = zip(*counters_of_updates(model))
        self.raw = [v.value.detach().clone() for v in variables]
        wide = [getattr(torch, wide_dtype(v)) for v in variables]
        self.averages = [r.clone().to(dtype) for r, dtype in zip(self.raw, wide)]
        self.plain = None

    def averaging(self, train_function):
        self.plain = train_function
        return self.run

    def run(self, data):
        shown = [v.value.detach() for v in self.variables]
        before = self.count()
        with self.torch.no_grad():
            self.torch._foreach_copy_(shown, self.raw)
        try:
            return self.plain(data)
        finally:
            with keras.device("cpu"):
                share = float(self.share(before, self.count()))
            with self.torch.no_grad():
                self.torch._foreach_copy_(self.raw, shown)
                new = [r.to(a.dtype) for r, a in zip(self.raw, self.averages)]
                self.torch._foreach_lerp_(self.averages, new, share)
                self.torch._foreach_copy_(shown, self.averages)

    def count(self):
        return count_of_updates([int(counter.value) for counter in self.counters], self.groups)

    def remove(self):
        if self.plain is not None:
            self.model.train_function = self.plain

    def get(self):
        return to_numpy(self.raw), to_numpy(self.averages)

    def set(self, raw, averages):
        with self.torch.no_grad():
            for tensor, value in zip([*self.raw, *self.averages], [*raw, *averages]):
                tensor.copy_(ops.convert_to_tensor(value))
