"""A callback of which a resumed run has nothing to restore."""

from typing import Any

from kerasrecipes.callbacks._fit_callback import FitCallback


class Stateless(FitCallback):
    """A callback that begins anew in a resumed run; it says so to `Resume`, which asks each."""

    def get_state(self) -> dict[str, Any]:
        """Return no state."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore nothing."""
