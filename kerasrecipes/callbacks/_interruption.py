"""Ctrl-C, SIGTERM and SIGHUP end `fit` after the step: the one handler of the process.

A callback that handles signals calls `begin` in `on_train_begin` and `end` as the last thing it
does in `on_train_end`. The handler is installed while such a `fit` runs on the main thread, where
Python delivers signals; a signal that the process ignores (`nohup`) stays ignored.

The first signal ends every `fit` that runs; a second one goes at once to whoever had it before.
Once `fit` is over, the signal is delivered again, so that a script ends with status 130, 143 or
129, unless a callback said that it takes the signal, as `BestSnapshot` does with Ctrl-C.
"""

import contextlib
import os
import signal
import threading
import time

import keras

from kerasrecipes import _terminal
from kerasrecipes._backend.keras_internals import locals_of_fit
from kerasrecipes._backend.processes import process_count

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
REPEAT_SECONDS = 1.0

_fits = []
_lock = threading.RLock()  # fits may begin in several threads; the handler only reads
_former_handlers = {}
_last_number = None


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP, raised as Ctrl-C is; `number` is the signal's."""

    def __init__(self, number):
        super().__init__(signal.Signals(number).name)
        self.number = number


class Interruption:
    """What the callbacks of one `fit` know about signals.

    Attributes:
        number: int, the number of the signal that asked this `fit` to stop, or `None`.
        cut_epoch: bool, whether the last epoch was cut short, where `is_stopped_by_callback`.
        is_stopped_by_callback: bool, whether a callback sets `stop_training`, not the handler.
    """

    def __init__(self, model=None, params=None):
        self.number = None
        self.cut_epoch = False
        self._fit_model, self._params = model, params
        self._thread = threading.get_ident()
        self._members, self._takes = set(), set()
        self._time = 0.0
        self._on_signal = None

    def __bool__(self):
        return self.number is not None

    def __getstate__(self):
        """A copy knows what came of the `fit`, not the `fit` that may run."""
        kept = {"number": self.number, "cut_epoch": self.cut_epoch}
        return {**vars(Interruption()), **kept}

    @property
    def is_stopped_by_callback(self):
        return self._on_signal is not None

    def is_running(self):
        """Whether `model.fit` still runs: one that has failed never reaches `end`."""
        model = self._fit_model
        return model is not None and bool(locals_of_fit(model, self._thread))

    def stop(self, number):
        self.number, self._time = number, time.monotonic()
        if self._on_signal is not None:
            self._on_signal()
        else:
            self._fit_model.stop_training = True

    def is_repeated(self, number):
        """Whether a machine sent the signal twice: `timeout` and shells do."""
        is_recent = time.monotonic() - self._time < REPEAT_SECONDS
        return number == self.number != signal.SIGINT and is_recent


def begin(callback, takes=(), stops=None):
    """Handle signals during the `fit` of `callback`; return its `Interruption`.

    Args:
        callback: a Keras callback, in its `on_train_begin`.
        takes: tuple of signals after which `fit` returns as if it had ended by itself.
        stops: function that is called at a signal, where the callback sets `stop_training` when
            it is ready; `None` (default) for the handler to set it at once.
    """
    model = keras.callbacks.Callback.model.fget(callback)
    with _lock:
        fit = next((fit for fit in _fits if fit._params is callback.params), None)
        if fit is None:
            fit = Interruption(model, callback.params)
            others = [one for one in _fits if one._fit_model is not model and one.is_running()]
            _fits[:] = [*others, fit]
            _install()
    fit._members.add(id(callback))
    fit._takes.update(takes)
    fit._on_signal = fit._on_signal or stops
    return fit


def end(callback, fit):
    """Leave the `fit`; the last callback to leave gives the signals back."""
    if fit not in _fits or id(callback) not in fit._members:
        return
    fit._members.discard(id(callback))
    if fit._members:
        return
    with _lock:
        _fits.remove(fit)
    fit._fit_model = fit._params = None
    if threading.current_thread() is not threading.main_thread():
        return
    if any(other._thread == fit._thread and other.is_running() for other in _fits):
        return
    former = _give_back()
    if former and fit and fit.number not in fit._takes:
        _deliver(fit.number, former)


def was_interrupted(callbacks):
    """Whether a signal came in the last `fit` of one of the callbacks."""
    return any(
        bool(getattr(other, "_interruption", None)) or getattr(other, "interrupted", False)
        for other in callbacks
    )


def name_of(number):
    """Return the signal's name as users know it."""
    return "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name


def has_come():
    """Whether a signal has come since the command line began."""
    return _last_number is not None


def exit_status():
    """The exit status of a process that a signal stopped: 130 for Ctrl-C, 143 for SIGTERM."""
    return 128 + (_last_number or signal.SIGINT)


@contextlib.contextmanager
def raised():
    """Let SIGTERM and SIGHUP raise `Terminated` in the block, as Ctrl-C raises where no fit runs.

    For the main thread of a command line; elsewhere it does nothing.
    """
    global _last_number
    _last_number, former = None, {}
    _terminal.hang_up(False)
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            if number != signal.SIGINT and signal.getsignal(number) == signal.SIG_DFL:
                former[number] = signal.signal(number, _raise)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _raise(number, frame):
    _note(number)
    raise Terminated(number)


def _install():
    if threading.current_thread() is not threading.main_thread():
        return
    if process_count() > 1:  # the others would wait for the next step of one that stops
        return
    for number in SIGNALS:
        handler = signal.getsignal(number)
        if handler not in (None, signal.SIG_IGN, _handle):
            _former_handlers[number] = signal.signal(number, _handle)


def _give_back():
    """Install the handlers that were there before; return them by number."""
    former = dict(_former_handlers)
    for number, handler in former.items():
        if signal.getsignal(number) == _handle:
            signal.signal(number, handler)
    _former_handlers.clear()
    return former


def _handle(number, frame):
    running = [fit for fit in _fits if fit.is_running()]
    if any(fit.is_repeated(number) for fit in running):
        return
    if not running or any(running):
        _give_back()
        signal.raise_signal(number)
        return
    _note(number)
    for fit in running:
        fit.stop(number)
    _say(f"\n{name_of(number)}: stopping after this step; a second signal stops at once.\n")


def _note(number):
    global _last_number
    _last_number = number
    if number != signal.SIGINT:
        _terminal.hang_up()


def _say(text):
    """Write to standard error: `print` must not be entered again from within a `print`."""
    with contextlib.suppress(OSError):
        os.write(2, text.encode())


def _deliver(number, former):
    """Let the signal do what it would have done, without killing what must still be closed."""
    if former.get(number) == signal.SIG_DFL:
        raise SystemExit(128 + number)
    signal.raise_signal(number)
