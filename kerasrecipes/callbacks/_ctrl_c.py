"""The first Ctrl-C ends `fit` normally after the batch, the second raises."""

import signal
import threading


class CtrlC:
    """Handles SIGINT during one `fit`, on the main thread, where Python delivers signals."""

    def __init__(self):
        self.pressed = False
        self._model = None
        self._old_handler = None

    def watch(self, model):
        """Begin to handle the signal for a `fit` of `model`."""
        self.pressed = False
        self._model = model
        if threading.current_thread() is threading.main_thread():
            self._old_handler = signal.signal(signal.SIGINT, self._handle)

    def watches(self, model):
        """Whether it handles the signal for a `fit` of `model`."""
        return self._model is model

    def stop_watching(self):
        """Give the signal back to who had it."""
        if self._old_handler is not None:
            signal.signal(signal.SIGINT, self._old_handler)
        self._old_handler = self._model = None

    def _handle(self, number, frame):
        if self.pressed or not _runs_fit(frame, self._model):
            self.stop_watching()
            signal.raise_signal(number)
        else:
            self.pressed = True
            self._model.stop_training = True
            self._tell_others(number, frame)

    def _tell_others(self, number, frame):
        """Let a callback of the same fit hear of it; one of a fit that is over does not."""
        watcher = getattr(self._old_handler, "__self__", None)
        if hasattr(watcher, "watches") and watcher.watches(self._model):
            self._old_handler(number, frame)


def _runs_fit(frame, model):
    """Whether `model.fit` is still running: one that has failed leaves its handler behind."""
    while frame is not None:
        if frame.f_code.co_name == "fit" and frame.f_locals.get("self") is model:
            return True
        frame = frame.f_back
    return False
