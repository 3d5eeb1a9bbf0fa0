"""Ctrl-C as a way to end a run, not to lose it."""

import signal
import sys
import threading

import keras


class Interruption(keras.callbacks.Callback):
    """Ends `fit` after the current batch at the first Ctrl-C; a second one raises.

    Works on the main thread, where Python delivers signals; elsewhere it does nothing. The epoch
    that was cut is left out of History, so that what is kept is complete epochs.

    Attributes:
        interrupted: Boolean, whether Ctrl-C ended the last `fit`.
    """

    def __init__(self):
        super().__init__()
        self.interrupted = False
        self._previous = None

    def on_train_begin(self, logs=None):
        self.interrupted = False
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._handle)

    def on_train_end(self, logs=None):
        self.release()

    def release(self):
        """Give Ctrl-C back to whoever had it before."""
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._previous = None

    def _handle(self, number, frame):
        if self.interrupted:
            self.release()
            raise KeyboardInterrupt
        self.interrupted = True
        self.model.stop_training = True
        print(
            "\nStopping after this batch; the run's folder is completed first. "
            "Ctrl-C again quits at once.",
            file=sys.stderr,
        )
