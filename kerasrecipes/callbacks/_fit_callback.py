"""What every callback of the package is: one that knows its companions and has a state."""

import keras

from kerasrecipes.callbacks._fit import Fit


class FitCallback(keras.callbacks.Callback):
    """A callback that finds the others of the same `fit`, in any order of the list.

    A subclass overrides, instead of `set_params`, `on_train_begin` and `on_train_end`, those of
    these methods that it needs. Each is called once a `fit`, and all callbacks have gone through
    one before the next begins:

    - `_before_begin`: give the model the weights to start from, if they come from elsewhere.
    - `_begin`: all that a fresh fit begins with.
    - `_all_have_begun`: checks that need the companions.
    - `_restore`: a `Resume` restores the model and calls `set_state` of all.
    - `_before_end`: the model is still as the last step left it.
    - `_end`: give the model its final weights.
    - `_finish`: replace them by what was gathered from all of the `fit`.
    - `_after_end`: whatever needs those.
    - `_leave`: Keras has ended all of them; give back what the process has one of. It may raise.

    and in any case `get_state` and `set_state`. Instead of `on_train_batch_end`, for which Keras
    waits for each step's result on JAX and PyTorch, it overrides

    - `_end_step`: a step (an execution of several) has been started, the next one has not.
    - `_end_steps`: besides, after the last one of an epoch. All results are there.

    All callbacks go through these before the first of them begins the next batch, or ends the
    epoch, if its `on_train_batch_begin` and `on_epoch_end` call those of `super()` first.
    """

    def __init__(self):
        super().__init__()
        self._joined = self._fit = None

    def get_state(self):
        """Return a flat dict of NumPy arrays, numbers and strings, {} if there is nothing."""
        raise NotImplementedError

    def set_state(self, state):
        """Take what `get_state` returned, perhaps in another process; after `_begin`."""
        raise NotImplementedError

    def peers(self, kind=keras.callbacks.Callback):
        """Return the callbacks of a kind in the same `fit`, in their order."""
        fit = self._fit or self._joined
        return [other for other in fit.members if isinstance(other, kind)] if fit else []

    def check_only(self, reason, same=lambda other: True):
        """Raise if another callback of this class, for which `same` is true, is in this `fit`."""
        alike = [other for other in self.peers(type(self)) if same(other)]
        if len(alike) > 1:
            kind = type(self).__name__
            raise ValueError(f"{reason}: give fit one {kind}. Received: {len(alike)}")

    def set_params(self, params):
        super().set_params(params)
        if params is None:
            return
        self._joined = Fit.of(params)
        self._joined.join(self)
        self._before_begin()

    def on_train_begin(self, logs=None):
        # `predict` with the same callback, while `fit` runs, joins another one.
        self._joined.check_not_nested(self)
        self._fit = self._joined
        self._begin()
        self._fit.begin(self)

    def on_train_batch_begin(self, batch, logs=None):
        self._fit.begin_batch(batch)

    def on_epoch_end(self, epoch, logs=None):
        self._fit.end_epoch()

    def on_train_end(self, logs=None):
        self._fit.end(self)

    def on_test_end(self, logs=None):
        self._return_to_fit()

    def on_predict_end(self, logs=None):
        self._return_to_fit()

    def __getstate__(self):
        """A copy or a pickle has the options and results, not the fit nor the model of it."""
        return {**vars(self), "params": None, "_model": None, "_fit": None, "_joined": None}

    @property
    def _trained_model(self):
        # Not `self.model`: that of `SnapshotEnsemble` is a method.
        model = keras.callbacks.Callback.model.fget(self)
        if model is None:
            raise ValueError(
                f"{type(self).__name__} needs the model, which a copy or a pickle does not hold: "
                "give it by `set_model`. Received: model=None"
            )
        return model

    def _before_begin(self):
        pass

    def _begin(self):
        pass

    def _all_have_begun(self):
        pass

    def _restore(self):
        pass

    def _end_step(self):
        pass

    def _end_steps(self):
        pass

    def _before_end(self):
        pass

    def _end(self):
        pass

    def _finish(self):
        pass

    def _after_end(self):
        pass

    def _leave(self):
        pass

    def _return_to_fit(self):
        """Take back the parameters of the `fit` that goes on."""
        if self._fit is not None:
            self.params = self._fit.params
