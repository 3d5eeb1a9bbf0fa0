"""The compiled steps of a model, one for each way in which its rates were driven."""

import inspect

import keras
import numpy as np

from kerasrecipes._backend.compiled_step import compiled_step

KEPT = "_steps_of_rates"  # attribute of a model
MOST = 8


class RatedSteps:
    """Keeps the steps that a model was compiled for, for its next `fit`.

    TensorFlow hardly frees the memory of compiled functions, and compiling takes its time.
    """

    def __init__(self):
        self._steps, self._in_use = {}, None

    @classmethod
    def of(cls, model):
        # Past the tracking of attributes: they are no part of the model.
        return vars(model).setdefault(KEPT, cls())

    def begin(self, model, key):
        """Forget all steps if the model was compiled again; `key` is what its step was made for.

        `None` where that is not known.
        """
        found = model.train_function and inspect.unwrap(model.train_function)
        self._in_use = next((k for k, (step, _) in self._steps.items() if step is found), None)
        if self._in_use is None:
            self._steps.clear()
            if found is not None and key is not None:
                self._add(key, found)

    def use(self, model, key, parameters):
        """Let the model train by the step for `key`, made now unless it was before.

        Args:
            model: the model.
            key: tuple, all that is compiled into a step.
            parameters: list of the `RateParameter`s that the step reads.
        """
        if model.train_function is None or key == self._in_use:
            return
        if key in self._steps:
            self._steps[key] = self._steps.pop(key)  # the last one used
        else:
            self._add(key, _compiled(model, parameters))
        model.train_function, self._in_use = self._steps[key][0], key

    def _add(self, key, step):
        if len(self._steps) == MOST:
            del self._steps[next(iter(self._steps))]
        # With the key's objects, so that no other object can have their ids.
        self._steps[key], self._in_use = (step, key), key


def _compiled(model, parameters):
    if keras.backend.backend() == "jax" and parameters:
        return _compiled_with_arguments(model, parameters)
    model.make_train_function(force=True)
    return model.train_function


def _compiled_with_arguments(model, parameters):
    """Return a step for JAX that is given the parameters' values beside each batch."""
    plain_step = model.train_step

    def step(state, batch):
        data, values = batch
        for parameter, value in zip(parameters, values):
            parameter.traced = value
        try:
            return plain_step(state, data)
        finally:
            for parameter in parameters:
                parameter.traced = None

    train_function = compiled_step(model, step)

    def train(state, iterator):
        values = [np.asarray(parameter.value, parameter.dtype) for parameter in parameters]
        return train_function(state, ((data, values) for data in iterator))

    return train
