"""The best model of all phases, as judged by a `BestSnapshot`."""

import math

from kerasrecipes.callbacks import BestSnapshot, PolyakAveraging, _training_state
from kerasrecipes.transfer._freezing import freeze


class BestPhase:
    """Keeps a copy of the model from the end of the best phase so far.

    Args:
        callbacks: the callbacks of all phases. If several `BestSnapshot`s restore weights, the
            last one decides, as at the end of `fit`.
    """

    def __init__(self, callbacks):
        judges = [other for other in callbacks if isinstance(other, BestSnapshot) and other.restore]
        self._judge = judges[-1] if judges else None
        self._averagings = [other for other in callbacks if isinstance(other, PolyakAveraging)]
        self._best = None

    def compare(self, model, number, phase):
        """Copy the model after a phase if it is better than after all earlier phases."""
        judge = self._judge
        if judge is None or math.isnan(judge.best):
            return
        if self._best is not None and not judge.is_better(judge.best, self._best["value"]):
            return
        self._best = {
            "value": judge.best,
            "epoch": judge.best_epoch,
            "number": number,
            "phase": phase,
            "optimizer": model.optimizer,
            "variables": _training_state.copy_values(_training_state.variables(model)),
            "averagings": [averaging.get_state() for averaging in self._averagings],
        }

    def restore(self, model, number, compile_options):
        """Restore the model from the end of the best phase; phase `number` was the last one."""
        best = self._best
        if best is None:
            return
        self._judge.best, self._judge.best_epoch = best["value"], best["epoch"]
        if best["number"] == number:
            return
        freeze(model, best["phase"])
        model.compile(best["optimizer"], **compile_options)
        _training_state.assign_values(_training_state.variables(model), best["variables"])
        for averaging, state in zip(self._averagings, best["averagings"]):
            if len(state) == len(averaging.get_state()):
                averaging.set_state(state)
