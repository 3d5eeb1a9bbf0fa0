"""A line on standard error for work that takes more than a few seconds."""

import contextlib
import sys
import time

QUIET_SECONDS = 3.0
INTERVAL_SECONDS = 0.5


@contextlib.contextmanager
def progress(title, total, clock=time.monotonic):
    """Gives a function `advance(count)`; shows nothing unless the work takes a while.

    Args:
        title: str, what is being done.
        total: int, how much there is to do.
        clock: function that returns seconds.
    """
    start, shown, done = clock(), None, 0

    def advance(count):
        nonlocal shown, done
        done += count
        now = clock()
        if now - (start + QUIET_SECONDS if shown is None else shown + INTERVAL_SECONDS) >= 0:
            shown = now
            rate = done / (now - start)
            left = (total - done) / rate
            text = f"{title}: {done:,} of {total:,}, {rate:,.0f} a second, {_duration(left)} left"
            print(f"\r{text:<79}", end="", file=sys.stderr, flush=True)

    try:
        yield advance
    finally:
        if shown is not None:
            print(file=sys.stderr)


def _duration(seconds):
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
