"""Learning rate schedules, in optimizer steps.

- `WarmRestarts`: cosine cycles with warm restarts, each longer than the last (SGDR).
- `SnapshotCosine`: cosine cycles of one length, for snapshot ensembles.
- `StepDecay`: multiplied by a factor at given steps.
- `OneCycle`: one rise and one long fall (1cycle).
- `Scaled`: another schedule times a factor.
- `preview`: the learning rates of any schedule as a NumPy array.

Exponential and 1/t decay are Keras's own (`ExponentialDecay`, `InverseTimeDecay`). With gradient
accumulation Keras counts micro-batches, not updates, as the steps of a schedule given to `compile`;
`callbacks.SGDR` counts updates.
"""

from kerasrecipes.schedules.one_cycle import OneCycle
from kerasrecipes.schedules.preview import preview
from kerasrecipes.schedules.scaled import Scaled
from kerasrecipes.schedules.snapshot_cosine import SnapshotCosine
from kerasrecipes.schedules.step_decay import StepDecay
from kerasrecipes.schedules.warm_restarts import WarmRestarts

__all__ = ["OneCycle", "Scaled", "SnapshotCosine", "StepDecay", "WarmRestarts", "preview"]
