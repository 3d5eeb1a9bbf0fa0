"""The progress of a run: a bar with the rate and what is left, and the rate in History."""

import shutil
import sys
import time
from typing import Any

import keras

from kerasrecipes.callbacks import _rate

SECONDS_BETWEEN_LINES = 0.5
BAR_WIDTH = 24


class Progress(keras.callbacks.Callback):
    """Shows a bar within the epoch on a terminal, and a line an epoch anywhere.

    Each line has the losses and metrics, the learning rate of the epoch's last batch, the time
    taken and an estimate of the time left. The rate also joins the logs as `learning_rate`, so
    place it before callbacks that read it.

    Args:
        stream: a text stream. Defaults to standard output.
    """

    def __init__(self, stream: Any = None) -> None:
        super().__init__()
        self.stream = stream or sys.stdout
        self._is_terminal = self.stream.isatty()
        unicode = _takes(self.stream, "━╌·")
        self._full, self._empty, self._separator = (
            ("━", "╌", " · ") if unicode else ("=", "-", ", ")
        )
        self._start = self._last_line = 0.0
        self._epoch = self._first_epoch = 0
        self._steps_done = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._start = time.perf_counter()
        self._steps_done = 0
        self._first_epoch = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch
        if self._first_epoch is None:
            self._first_epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._steps_done += 1
        now = time.perf_counter()
        if self._is_terminal and now - self._last_line > SECONDS_BETWEEN_LINES:
            self._last_line = now
            self._draw_bar(batch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = {} if logs is None else logs
        _rate.log_rates(self.model, logs)
        words = [f"epoch {epoch + 1:>{len(str(self.params['epochs']))}}/{self.params['epochs']}"]
        words += [f"{name} {value:.4g}" for name, value in logs.items()]
        self._write(self._separator.join([*words, self._times(epoch + 1)]) + "\n")

    def _draw_bar(self, batch):
        steps = self.params.get("steps") or 0
        filled = BAR_WIDTH * batch // steps if steps else 0
        bar = self._full * filled + self._empty * (BAR_WIDTH - filled)
        done = self._epoch + (batch / steps if steps else 0)
        words = [
            f"epoch {self._epoch + 1}/{self.params['epochs']} {bar} {batch}/{steps or '?'}",
            self._times(done),  # before what a narrow terminal cuts off
        ]
        metrics = self.model.get_metrics_result() if batch else {}  # not built before the first
        words += [f"{name} {float(value):.4g}" for name, value in metrics.items()]
        words += [
            f"{name.replace('_', ' ')} {rate:.3g}"
            for name, rate in _rate.rates_of_last_batch(self.model).items()
        ]
        self._write(self._separator.join(words))

    def _times(self, epochs_done):
        taken = time.perf_counter() - self._start
        done = epochs_done - self._first_epoch
        left = taken / done * (self.params["epochs"] - epochs_done) if done > 0 else 0
        estimate = f", about {clock(left)} left" if left else ""
        return clock(taken) + estimate

    def _write(self, line):
        if self._is_terminal:
            if not line.endswith("\n"):  # a bar that wraps could not be erased
                line = line[: shutil.get_terminal_size().columns - 1]
            line = "\r\x1b[2K" + line
        self.stream.write(line)
        self.stream.flush()


def _takes(stream, text):
    """Whether the stream's encoding has these characters."""
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


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
