"""When the next state of a run is due."""

import contextlib
import math
import time
from collections.abc import Iterator

INTERVAL_IN_WRITES = 100


class WriteClock:
    """Every `every_steps` batches, or after 100 times the seconds that the last write took."""

    def __init__(
        self, every_steps: int | None, drawn: int | None = None, cost: float = 0.0
    ) -> None:
        self._every_steps = every_steps
        self._last_drawn = -math.inf if drawn is None else drawn
        self._last_time = -math.inf if drawn is None else time.monotonic()
        self.cost = cost

    def is_due(self, drawn: int) -> bool:
        """Return whether a state is to be written, `drawn` batches after the run began."""
        if self._every_steps:
            return drawn - self._last_drawn >= self._every_steps
        return time.monotonic() - self._last_time >= INTERVAL_IN_WRITES * self.cost

    @contextlib.contextmanager
    def writing(self, drawn: int) -> Iterator[None]:
        """Time a write; the next one is due from its end on."""
        start = time.monotonic()
        yield
        self._last_drawn, self._last_time = drawn, time.monotonic()
        self.cost = self._last_time - start
