"""Learning rate schedules, in optimizer steps.

- `WarmRestarts`: cosine cycles with warm restarts, each longer than the last (SGDR).
- `SnapshotCosine`: cosine cycles of one length, for snapshot ensembles.
- `StepDecay`: divided at given steps.
- `OneCycle`: one rise and one long fall.
- `Scaled`: another schedule times a factor.
- `preview`: the values of any schedule, as NumPy.

Exponential and 1/t decay are Keras's own (`ExponentialDecay`, `InverseTimeDecay`). Under gradient
accumulation Keras hands a schedule given to `compile` the count of micro-batches; `callbacks.SGDR`
counts real updates.
"""

from kerasrecipes.schedules.one_cycle import OneCycle
from kerasrecipes.schedules.preview import preview
from kerasrecipes.schedules.scaled import Scaled
from kerasrecipes.schedules.snapshot_cosine import SnapshotCosine
from kerasrecipes.schedules.step_decay import StepDecay
from kerasrecipes.schedules.warm_restarts import WarmRestarts

__all__ = ["OneCycle", "Scaled", "SnapshotCosine", "StepDecay", "WarmRestarts", "preview"]
