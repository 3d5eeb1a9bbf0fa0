"""Interruption: signals that end a run cleanly."""

from typing import Any

from kerasrecipes.callbacks import _interruption
from kerasrecipes.experiment.stateless import Stateless


class Interruption(Stateless):
    """Ends `fit` after a step at the first Ctrl-C, SIGTERM or SIGHUP; a second one stops at once.

    It works in the main thread, where Python handles signals, and does nothing in others. A
    `Resume` in the same `fit` writes its state before the last step.

    Attributes:
        interrupted: bool, whether a signal asked the last `fit` to stop.
        cut_epoch: bool, whether the signal interrupted its last epoch.
        batches: int, number of batches of the last `fit`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cut_epoch = False
        self.batches = 0
        self._batch = 0
        self._interruption = _interruption.Interruption()

    @property
    def interrupted(self) -> bool:
        return bool(self._interruption)

    def _begin(self):
        self.cut_epoch = False
        self.batches = 0
        self._interruption = _interruption.begin(self, takes=_interruption.SIGNALS)

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._batch = batch
        self.batches += 1

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._interruption.is_stopped_by_callback:
            self.cut_epoch = self._interruption.cut_epoch
        else:
            self.cut_epoch = bool(self._interruption) and self._batch + 1 < (
                self.params["steps"] or 0
            )

    def _leave(self):
        _interruption.end(self, self._interruption)
