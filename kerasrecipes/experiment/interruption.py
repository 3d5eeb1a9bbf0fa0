"""Ctrl-C as a way to end a run, not to lose it."""

import signal
import sys
import threading

import keras

from kerasrecipes.callbacks import _fit


class Interruption(keras.callbacks.Callback):
    """Ends `fit` after a batch at the first Ctrl-C; a second one raises.

    Works on the main thread, where Python delivers signals; elsewhere it does nothing. A `Resume`
    in the same `fit` writes its state before the last batch.

    Attributes:
        interrupted: Boolean, whether Ctrl-C ended the last `fit`.
        cut_epoch: Boolean, whether its last epoch was cut short.
        batches: Integer, batches of the last `fit`.
    """

    def __init__(self):
        super().__init__()
        self.interrupted = False
        self.cut_epoch = False
        self.batches = 0
        self._previous = None
        self._watching = False
        self._batch = 0

    def set_params(self, params):
        super().set_params(params)
        _fit.join(self)

    def on_train_begin(self, logs=None):
        self.interrupted = self.cut_epoch = False
        self.batches = 0
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._handle)
            self._watching = True
        _fit.begin(self)

    def on_train_batch_begin(self, batch, logs=None):
        self._batch = batch
        self.batches += 1
        if self.interrupted:
            self._model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        self.cut_epoch = self.interrupted and self._batch + 1 < (self.params["steps"] or 0)
        if self.interrupted and epoch + 1 == self.params["epochs"] and not self.cut_epoch:
            self.interrupted = False

    def on_train_end(self, logs=None):
        if self._watching and signal.getsignal(signal.SIGINT) == self._handle:
            signal.signal(signal.SIGINT, self._previous)
        self._watching = False

    def get_state(self):
        """Nothing that outlives a `fit`; having it makes this a callback that `Resume` asks."""
        return {}

    def set_state(self, state):
        """Nothing to restore."""

    def watches(self, model):
        """Whether it handles the signal for a `fit` of `model`."""
        return self._watching and self._model is model

    def _handle(self, number, frame):
        if not self._watching:  # a callback that began later gave the signal back to this one
            signal.signal(signal.SIGINT, self._previous)
            signal.raise_signal(number)
            return
        if self.interrupted:
            signal.signal(signal.SIGINT, self._previous)
            raise KeyboardInterrupt
        self.interrupted = True
        print(
            "\nStopping after the next batch; the run's folder is completed first. "
            "Ctrl-C again quits at once.",
            file=sys.stderr,
        )
