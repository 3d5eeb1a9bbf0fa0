"""DryRunEnded: `--dry-run` has said what a run would do."""


class DryRunEnded(Exception):
    """A run with `--dry-run` has timed some steps; nothing was written.

    Attributes:
        text: str, what the run would do, in lines.
        seconds: float, the estimated time of its training.
    """

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text)
        self.text = text
        self.seconds = seconds
