"""A line on standard error for work that takes more than two seconds."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

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
def progress(
    title: str, total: int | None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int], None]]:
    """Show a line of progress on standard error while the work in a block takes its time.

    Nothing is shown in the first two seconds. Where standard error is no terminal, one line says at
    the end what was done.

    Args:
        title: str, what is being done.
        total: int >= 0, how much there is to do, or `None` if that is not known.
        clock: function that returns seconds. Defaults to `time.monotonic`.

    Returns:
        A context manager that gives a function `advance(count)`, to call when `count` more is done.

    Example:

    >>> from kerasrecipes.serving import progress
    >>> with progress("counting", 3) as advance:
    ...     for _ in range(3):
    ...         advance(1)
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
