"""The duration of a run, summed over restarts."""

import time

from kerasrecipes.callbacks._fit_callback import FitCallback


class Clock(FitCallback):
    """Measures the seconds of a run; a `Resume` in the same `fit` keeps them over restarts."""

    def __init__(self):
        super().__init__()
        self._start = time.perf_counter()
        self._before = 0.0

    def seconds(self):
        """Return the seconds since this object was created, plus those of earlier processes."""
        return self._before + time.perf_counter() - self._start

    def get_state(self):
        return {"seconds": self.seconds()}

    def set_state(self, state):
        self._before = state["seconds"]
