"""The backend's own random generator across a kill: PyTorch draws from one for everything."""

from typing import Any

from kerasrecipes._backend.random_state import get_random_state, set_random_state


class ResumedRandomState:
    """Give the generator its stored state back in time, and tell the state that is to be stored.

    Args:
        stored: dict, the state of the run that was killed; empty where there is none.
        begins_again: bool, whether the data begin again at each epoch. Their loader then draws as
            an epoch begins, before the first batch: both states are those before this draw.
    """

    def __init__(self, stored: dict[str, Any], begins_again: bool) -> None:
        self._stored = stored
        self._begins_again = begins_again
        self._of_epoch = get_random_state()

    def begin_epoch(self, is_cut: bool) -> None:
        """Restore before the loader of a whole epoch draws; `is_cut` says that it is a rest."""
        if self._begins_again and not is_cut:
            self.restore()
        self._of_epoch = get_random_state()

    def restore(self) -> None:
        """Restore once, at the latest at the first batch and before a state is written."""
        if self._stored:
            set_random_state(self._stored)
        self._stored = {}

    def to_store(self, epoch_has_begun: bool) -> dict[str, Any]:
        """Return the state to be stored; `epoch_has_begun`: no step of the epoch is done."""
        return self._of_epoch if epoch_has_begun and self._begins_again else get_random_state()
