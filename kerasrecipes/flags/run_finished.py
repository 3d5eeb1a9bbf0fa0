"""RunFinished: the run to resume is finished already."""

from typing import Any

from kerasrecipes._printable import printable


class RunFinished(Exception):
    """`--resume` found a finished run; nothing was changed.

    Attributes:
        folder: path of the run.
        metrics: the content of its `metrics.json`.
    """

    def __init__(self, folder: Any, metrics: dict[str, Any]) -> None:
        super().__init__(f"{printable(folder)} holds a finished run: nothing to do.")
        self.folder = folder
        self.metrics = metrics

    def __reduce__(self) -> Any:
        """Return what another process of the run raises it with."""
        return type(self), (self.folder, self.metrics)
