"""The console of rich that progress is drawn on."""

from rich.console import Console


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
