"""The progress of a run: a bar with the rate and what is left, and the rate in History."""

import sys
import textwrap
import time
from typing import Any

import keras
import rich.progress
from rich.table import Column

from kerasrecipes._backend.keras_internals import logs_of_fit
from kerasrecipes._terminal import Terminal, output_may_be_lost
from kerasrecipes.callbacks import _rate
from kerasrecipes.callbacks._fit import Fit

SECONDS_BETWEEN_BARS = 0.5
BAR_WIDTH = 24
WIDTH_OF_A_FILE = 120
LONG_FIRST_STEP = 5.0  # seconds
NO_BREAK = "\xa0"


class Progress(keras.callbacks.Callback):
    """Shows a bar within the epoch on a terminal, and a line an epoch anywhere.

    Each line has the losses and metrics, the learning rate of the epoch's last batch, the time
    taken and an estimate of the time left, which leaves out the first step, as it compiles; the
    first line says how long that took, from 5 seconds on (of `steps_per_execution` steps, all of
    them). The line of an epoch that was stopped says after how many steps. The rate also joins the
    logs as `learning_rate`, so place it before callbacks that read it.

    Args:
        stream: a text stream; `None` (default) is standard output.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from kerasrecipes.experiment import Progress
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> history = model.fit(np.ones((4, 2)), np.ones(4), verbose=0, callbacks=[Progress()])
    epoch 1/1 · loss ... · learning_rate 0.01 · ... s
    """

    def __init__(self, stream: Any = None) -> None:
        super().__init__()
        self.stream = stream
        self._start = self._last_bar = 0.0
        self._epoch = self._first_epoch = self._steps = 0
        self._compiled = self._began = self._seconds_of_first = None
        self._first_steps = 0

    def __getstate__(self):
        """A copy or a pickle has the option, not the fit that it took part in."""
        return {"stream": self.stream, "params": None, "_model": None, "_last_bar": 0.0}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._start = time.perf_counter()
        self._first_epoch = self._compiled = self._began = self._seconds_of_first = None
        self._stream = self.stream or sys.stdout
        terminal = Terminal(self._stream)
        ascii_only = terminal.options.ascii_only
        self._separator = ", " if ascii_only else " · "
        self._is_terminal = self._stream.isatty() and terminal.is_interactive
        # A new one, as that of a `fit` that raised has not been stopped.
        self._bar = _bar(terminal, "crop" if ascii_only else "ellipsis")
        self._task = self._bar.add_task("", total=self.params.get("steps"), times="", rest="")

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        epochs = self.params["epochs"]
        self._name = f"epoch {epoch + 1:>{len(str(epochs))}}/{epochs}"
        self._epoch, self._steps = epoch, 0
        if self._first_epoch is None:
            self._first_epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        now = time.perf_counter()
        before = _steps_before(self.params)
        is_first = self._steps == 0 and self._epoch == self._first_epoch
        self._steps = before + batch + self.model.steps_per_execution
        if is_first:
            self._first_epoch, self._began = self._position(before + batch), now
            size, steps = self.model.steps_per_execution, self.params.get("steps")
            self._first_steps = min(size, steps - before - batch) if steps else size
        elif self._compiled is None:
            self._compiled = now, self._position(before + batch)
            self._end_first()
        if self._is_terminal and now - self._last_bar > SECONDS_BETWEEN_BARS:
            self._last_bar = now
            with output_may_be_lost():
                self._draw_bar(batch, before + batch, is_first)

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._end_first()  # not `on_train_batch_end`, for which Keras waits for each step's result

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._end_first()
        logs = {} if logs is None else logs
        _rate.log_rates(self.model, logs)
        figures = {name: f"{name} {value:.4g}" for name, value in logs.items()}
        line = self._line(figures, epoch)
        width = self._bar.console.width if self._is_terminal else WIDTH_OF_A_FILE
        if len(line) > width:  # the losses of the outputs are in History, and in `loss`
            figures = {name: text for name, text in figures.items() if not _is_partial(name)}
            line = self._line(figures, epoch)
        with output_may_be_lost():
            if self._is_terminal:
                self._bar.stop()
                line = textwrap.fill(line, width, subsequent_indent="  ", break_on_hyphens=False)
            self._stream.write(line.replace(NO_BREAK, " ") + "\n")
            self._stream.flush()
        if self._began is not None:
            self._seconds_of_first = 0.0  # said once

    def _end_first(self):
        """Take the time of the first step, unless it has not begun or its time is taken."""
        if self._began is not None and self._seconds_of_first is None:
            self._seconds_of_first = time.perf_counter() - self._began

    def _line(self, figures, epoch):
        steps = self.params.get("steps") or 0
        if self.model.stop_training and self._steps < steps:
            taken = clock(time.perf_counter() - self._start)
            name = f"{self._name}, stopped after {self._steps} of {steps} steps"
            words = [name, *figures.values(), taken]
        else:
            words = [self._name, *figures.values(), self._times(epoch + 1)]
        if (self._seconds_of_first or 0.0) >= LONG_FIRST_STEP:
            compiling = "" if keras.backend.backend() == "torch" else ", compiling"
            first = f"first {self._first_steps} steps" if self._first_steps > 1 else "first step"
            words.append(f"{first} {clock(self._seconds_of_first)}{compiling}")
        return self._separator.join(word.replace(" ", NO_BREAK) for word in words)

    def _draw_bar(self, batch, step, is_first):
        # Only the process that draws asks: what all must compute together would wait for ever.
        logs = logs_of_fit(self.model) if batch else None
        words = [f"{name} {float(value):.4g}" for name, value in (logs or {}).items()]
        words += [
            f"{name.replace('_', ' ')} {rate:.3g}"
            for name, rate in _rate.rates_of_last_batch(self.model).items()
        ]
        times = self._times(self._position(step)) + (", compiling" if is_first else "")
        self._bar.update(
            self._task,
            description=self._name,
            completed=step,
            times=times + self._separator.rstrip(),
            rest=self._separator.join(words),
        )
        self._bar.start()
        self._bar.refresh()

    def _position(self, step):
        """Return how many epochs are done, with the fraction of this one if it is known."""
        steps = self.params.get("steps")
        return self._epoch + (step / steps if steps else 0)

    def _times(self, position):
        now = time.perf_counter()
        since, begin = self._compiled or (self._start, self._first_epoch)
        done = position - begin
        left = (now - since) / done * (self.params["epochs"] - position) if done > 0 else 0
        estimate = f", about {clock(left)} left" if left else ""
        return clock(now - self._start) + estimate


def _steps_before(params):
    """Return how many steps of the epoch were done before this `fit`, as a `Resume` knows."""
    return max((getattr(one, "_first_step", 0) for one in Fit.of(params).members), default=0)


def _is_partial(name):
    """Return whether this is the loss of one output of several.

    >>> [_is_partial(name) for name in ("loss", "val_loss", "deep_loss", "val_deep_loss")]
    [False, False, True, True]
    """
    return name.endswith("_loss") and name != "val_loss"


def _bar(terminal, overflow):
    """A line that nothing but `refresh` draws, and that `stop` removes."""

    def text(field, **options):
        column = Column(no_wrap=True, overflow=overflow, **options)
        return rich.progress.TextColumn(field, "none", markup=False, table_column=column)

    return rich.progress.Progress(
        text("{task.description}"),
        rich.progress.BarColumn(min(BAR_WIDTH, terminal.width // 5)),
        rich.progress.MofNCompleteColumn(table_column=Column(no_wrap=True, overflow=overflow)),
        text("{task.fields[times]}"),
        text("{task.fields[rest]}", ratio=1),  # what a narrow terminal cuts off first
        console=terminal,
        expand=True,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,  # an exception in `fit` would leave it so
        redirect_stderr=False,
    )


def clock(seconds):
    """A duration in words.

    >>> clock(7.6), clock(75), clock(7260)
    ('8 s', '1 min 15 s', '2 h 1 min')
    """
    seconds = int(round(seconds))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
