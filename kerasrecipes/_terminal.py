"""The console of rich that progress is drawn on, and what is done when the terminal is lost."""

import contextlib
import errno
import os
import select

from rich.console import Console

_is_hung_up = False


class Terminal(Console):
    """A console that leaves the cursor visible, and leaves a broken pipe to the caller.

    rich hides the cursor while it draws, which a process that is killed, or an exception that
    leaves `fit`, would never undo. It ends the process with status 1 when a pipe is broken.

    Args:
        stream: a text stream.
    """

    def __init__(self, stream):
        super().__init__(file=stream, force_jupyter=False)  # no widgets: they may be missing

    def show_cursor(self, show=True):
        return False

    def on_broken_pipe(self):
        raise  # the BrokenPipeError that is being handled


def hang_up(now=True):
    """Note that a signal ends the process (`now`), after which lost output is no error."""
    global _is_hung_up
    _is_hung_up = now
    if now:
        _detach_lost_output()


@contextlib.contextmanager
def output_may_be_lost():
    """Let the block write to a terminal that is closed, or to a broken pipe after `hang_up`.

    The state of a training that a closed terminal ends is still to be written. A broken pipe alone,
    as of `| head`, raises.
    """
    try:
        yield
    except OSError as error:
        if not is_lost_output(error):
            raise
        _detach_lost_output()


def is_lost_output(error):
    """Return whether an error comes of writing to what a hang-up has closed."""
    return error.errno == errno.EIO or (error.errno == errno.EPIPE and _is_hung_up)


def say(text):
    """Print a line, unless the terminal is gone."""
    with output_may_be_lost():
        print(text, flush=True)


def _detach_lost_output():
    """Send output nowhere if its terminal or pipe is gone, as every write to it would raise."""
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            if _is_lost(descriptor):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, descriptor)
                os.close(nowhere)


def _is_lost(descriptor):
    if not hasattr(select, "poll"):  # Windows, which has no SIGHUP
        return False
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))
