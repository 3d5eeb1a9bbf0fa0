"""Learning rate schedules, in optimizer steps.

- `StepDecay`: divided at given steps.
- `preview`: the values of any schedule, as NumPy.

Exponential and 1/t decay are Keras's own (`ExponentialDecay`, `InverseTimeDecay`).
"""

from kerasrecipes.schedules.preview import preview
from kerasrecipes.schedules.step_decay import StepDecay

__all__ = ["StepDecay", "preview"]
