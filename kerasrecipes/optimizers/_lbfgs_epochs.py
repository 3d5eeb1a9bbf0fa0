"""Iterations of L-BFGS as epochs of callbacks."""

import contextlib

import keras
import numpy as np

from kerasrecipes._backend.keras_internals import initial_epoch


class LBFGSEpochs:
    """Calls callbacks around each iteration, as `fit` does around an epoch of one batch.

    Args:
        model: Keras model.
        loss: `FullBatchLoss`.
        callbacks: `keras.callbacks.CallbackList`.
        epochs: int, the epoch to end with.
        measure: function without arguments that returns the metrics of the model as it is.
    """

    def __init__(self, model, loss, callbacks, epochs, measure):
        self._model, self._loss, self._callbacks = model, loss, callbacks
        self._epochs, self._measure = epochs, measure
        self._is_open = False
        self._first = (None, None)
        self.epoch = 0

    def begin(self, vector, value):
        """Begin training; `value` is (loss, gradient) at `vector`, which is not computed again.

        Returns:
            Whether there is anything to train, and the vector to start from.
        """
        self._model.stop_training = False
        self._callbacks.on_train_begin()
        self.epoch = initial_epoch(self._model) or 0
        self._first = (vector, value)
        self._counted = self._loss.evaluations - 1
        is_left = self.epoch < self._epochs and not self._model.stop_training
        return is_left, self._loss.vector()  # a callback may have restored weights

    def evaluate(self, vector):
        """Return (loss, gradient), inside an epoch."""
        if not self._is_open:
            self._is_open = True
            self._callbacks.on_epoch_begin(self.epoch)
            self._callbacks.on_train_batch_begin(0)
        (start, value), self._first = self._first, (None, None)
        return value if np.array_equal(start, vector) else self._loss(vector)

    def end_epoch(self, intermediate_result):
        """End an epoch: SciPy calls this after each iteration."""
        self._loss.assign(intermediate_result.x)
        evaluations = self._loss.evaluations - self._counted
        self._counted = self._loss.evaluations
        logs = {"loss": float(intermediate_result.fun)}
        self._callbacks.on_train_batch_end(0, dict(logs))
        logs.update(self._measure())
        logs["evaluations"] = evaluations
        self._callbacks.on_epoch_end(self.epoch, logs)
        self._is_open = False
        self.epoch += 1
        if self._model.stop_training:
            raise StopIteration

    def end(self, result):
        """End training with SciPy's result; an iteration without a step is an epoch too."""
        if self._is_open:
            with contextlib.suppress(StopIteration):
                self.end_epoch(result)
        elif result is not None:
            self._loss.assign(result.x)
        self._callbacks.on_train_end()


def callback_list(model, callbacks, verbose, epochs):
    """Return the callbacks of a `fit` of one step per epoch, `History` included."""
    verbose = 1 if verbose == "auto" else verbose
    return keras.callbacks.CallbackList(
        callbacks,
        add_history=True,
        add_progbar=verbose != 0,
        verbose=verbose,
        epochs=epochs,
        steps=1,
        model=model,
    )
