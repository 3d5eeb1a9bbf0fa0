"""The best model of all phases, where a `BestSnapshot` knows that of each."""

import math

from kerasrecipes.callbacks import BestSnapshot, PolyakAveraging, _monitor, _training_state


class BestPhase:
    """Keeps what the best phase left, in case no later one is better.

    Args:
        callbacks: the callbacks of all phases; of several `BestSnapshot`s that restore, the last,
            which is the one that has its way at the end of `fit`.
    """

    def __init__(self, callbacks):
        judges = [other for other in callbacks if isinstance(other, BestSnapshot) and other.restore]
        self._judge = judges[-1] if judges else None
        self._averagings = [other for other in callbacks if isinstance(other, PolyakAveraging)]
        self._best = None

    def look(self, model, phase):
        """Compare what a phase left with the best before."""
        judge = self._judge
        if judge is None or math.isnan(judge.best):
            return
        sign = _monitor.sign_of(judge.monitor, judge.mode, model)
        if self._best is not None and not sign * (judge.best - self._best["value"]) > 0:
            return
        self._best = {
            "value": judge.best,
            "epoch": judge.best_epoch,
            "phase": phase,
            "optimizer": model.optimizer,
            "variables": _training_state.copy_values(_training_state.variables(model)),
            "averagings": [averaging.get_state() for averaging in self._averagings],
        }

    def restore(self, model, phase, prepare):
        """Give the model back as the best phase left it, if that was not the last one.

        `prepare(phase, optimizer)` freezes and compiles.
        """
        best = self._best
        if best is None:
            return
        self._judge.best, self._judge.best_epoch = best["value"], best["epoch"]
        if best["phase"] is phase:
            return
        prepare(best["phase"], best["optimizer"])
        _training_state.assign_values(_training_state.variables(model), best["variables"])
        for averaging, state in zip(self._averagings, best["averagings"]):
            if len(state) == len(averaging.get_state()):
                averaging.set_state(state)
