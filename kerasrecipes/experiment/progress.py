"""The progress of a run: a bar with the rate and what is left, and the rate in History."""

import sys
import textwrap
import time
from typing import Any

import keras
import rich.progress
from rich.table import Column

from kerasrecipes._terminal import Terminal, output_may_be_lost
from kerasrecipes.callbacks import _rate

SECONDS_BETWEEN_BARS = 0.5
BAR_WIDTH = 24
WIDTH_OF_A_FILE = 120
NO_BREAK = "\xa0"


class Progress(keras.callbacks.Callback):
    """Shows a bar within the epoch on a terminal, and a line an epoch anywhere.

    Each line has the losses and metrics, the learning rate of the epoch's last batch, the time
    taken and an estimate of the time left. The rate also joins the logs as `learning_rate`, so
    place it before callbacks that read it.

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
        self._epoch = self._first_epoch = 0

    def __getstate__(self):
        """A copy or a pickle has the option, not the fit that it took part in."""
        return {"stream": self.stream, "params": None, "_model": None, "_last_bar": 0.0}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._start = time.perf_counter()
        self._first_epoch = None
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
        self._epoch = epoch
        if self._first_epoch is None:
            self._first_epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        now = time.perf_counter()
        if self._is_terminal and now - self._last_bar > SECONDS_BETWEEN_BARS:
            self._last_bar = now
            with output_may_be_lost():
                self._draw_bar(batch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
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

    def _line(self, figures, epoch):
        words = [self._name, *figures.values(), self._times(epoch + 1)]
        return self._separator.join(word.replace(" ", NO_BREAK) for word in words)

    def _draw_bar(self, batch):
        metrics = self.model.get_metrics_result() if batch else {}  # not built before the first
        words = [f"{name} {float(value):.4g}" for name, value in metrics.items()]
        words += [
            f"{name.replace('_', ' ')} {rate:.3g}"
            for name, rate in _rate.rates_of_last_batch(self.model).items()
        ]
        steps = self.params.get("steps")
        times = self._times(self._epoch + (batch / steps if steps else 0))
        self._bar.update(
            self._task,
            description=self._name,
            completed=batch,
            times=times + self._separator.rstrip(),
            rest=self._separator.join(words),
        )
        self._bar.start()
        self._bar.refresh()

    def _times(self, epochs_done):
        taken = time.perf_counter() - self._start
        done = epochs_done - self._first_epoch
        left = taken / done * (self.params["epochs"] - epochs_done) if done > 0 else 0
        estimate = f", about {clock(left)} left" if left else ""
        return clock(taken) + estimate


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
