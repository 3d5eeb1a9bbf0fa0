"""How long a run took, over all the processes it took."""

import time

from kerasrecipes.callbacks._fit_callback import FitCallback


class Clock(FitCallback):
    """Counts the seconds of a run; a `Resume` in the same `fit` carries them over a restart."""

    def __init__(self):
        super().__init__()
        self._start = time.perf_counter()
        self._before = 0.0

    def seconds(self):
        """Seconds since this object was made, and those of the processes before."""
        return self._before + time.perf_counter() - self._start

    def get_state(self):
        return {"seconds": self.seconds()}

    def set_state(self, state):
        self._before = state["seconds"]
