"""The schedule of a rate that falls: along a cosine, or in steps as papers have them."""

from collections.abc import Sequence
from typing import Any

from kerasrecipes._validation import check_choice
from kerasrecipes.flags.choices import FALLS
from kerasrecipes.schedules import SnapshotCosine, StepDecay


def falling_rate(
    kind: str, rate: float, steps: int, at: Sequence[float] = (0.5, 0.75), factor: float = 0.1
) -> Any:
    """Return a schedule of the learning rate over a training of some steps.

    Args:
        kind: `"cosine"`, down to 0, or `"steps"`.
        rate: float > 0, the first rate.
        steps: int, the updates of the training.
        at: floats in (0, 1), ascending: the fractions of the training after which the rate is
            multiplied by `factor`. Defaults to a half and three quarters.
        factor: float in (0, 1). Defaults to 0.1.

    Returns:
        A `LearningRateSchedule`.

    Raises:
        ValueError: for an unknown `kind`.

    Example:

    >>> from kerasrecipes import experiment, schedules
    >>> print(schedules.preview(experiment.falling_rate("steps", 0.5, 4), 4).round(4))
    [0.5   0.5   0.05  0.005]

    Reference: He, Zhang, Ren & Sun (2015), https://arxiv.org/abs/1512.03385, divide the rate by 10
    after a half and three quarters of 64,000 steps.
    """
    check_choice("kind", kind, FALLS)
    if kind == "cosine":
        return SnapshotCosine(rate, max(1, steps), cycles=1)
    boundaries = sorted({max(1, int(fraction * steps)) for fraction in at})
    return StepDecay(rate, boundaries, factor)
