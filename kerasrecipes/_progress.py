"""A line on standard error for work that takes more than two seconds."""

import contextlib
import sys
import time

import rich.progress
from rich.text import Text

from kerasrecipes._terminal import Terminal

QUIET_SECONDS = 2.0
INTERVAL_SECONDS = 0.5
RATE_SECONDS = 600


class Rate(rich.progress.ProgressColumn):
    """How much is done in a second."""

    def render(self, task):
        return Text(f"{task.speed:,.0f} a second" if task.speed else "")


@contextlib.contextmanager
def progress(title, total, clock=time.monotonic):
    """Gives a function `advance(count)`; shows nothing unless the work takes a while.

    Where standard error is no terminal, one line says at the end what was done.

    Args:
        title: str, what is being done.
        total: int, how much there is to do, or `None` if that is not known.
        clock: function that returns seconds.
    """
    bar = rich.progress.Progress(
        "{task.description}",
        rich.progress.BarColumn(),
        rich.progress.MofNCompleteColumn(),
        Rate(),
        rich.progress.TimeRemainingColumn(elapsed_when_finished=True),
        console=Terminal(sys.stderr),
        auto_refresh=False,
        get_time=clock,
        speed_estimate_period=RATE_SECONDS,
    )
    task = bar.add_task(title, total=total)
    shown = clock() + QUIET_SECONDS - INTERVAL_SECONDS

    def advance(count):
        nonlocal shown
        bar.advance(task, count)
        if clock() - shown >= INTERVAL_SECONDS:
            shown = clock()
            bar.start()
            bar.refresh()

    try:
        yield advance
    finally:
        if bar.live.is_started:
            bar.stop()
