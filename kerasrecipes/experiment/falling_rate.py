"""The schedule of a rate that falls: along a cosine, or in steps as papers have them."""

from collections.abc import Sequence
from typing import Any

from kerasrecipes._validation import check_choice, check_integer, check_number
from kerasrecipes.flags.choices import FALLS
from kerasrecipes.schedules import SnapshotCosine, StepDecay


def falling_rate(
    kind: str, rate: float, steps: int, at: Sequence[float] = (0.5, 0.75), factor: float = 0.1
) -> Any:
    """Return a schedule of the learning rate over a training of some steps.

    `kind` is a flag of a recipe, so what `"steps"` alone takes is given with each kind.

    Args:
        kind: `"cosine"`, down to 0, or `"steps"`.
        rate: float > 0, the first rate.
        steps: int >= 1, the updates of the training.
        at: of `"steps"`: floats in (0, 1), strictly increasing, the fractions of the training
            after which the rate is multiplied by `factor`. Defaults to a half and three quarters.
        factor: of `"steps"`: float in (0, 1). Defaults to 0.1.

    Returns:
        A `LearningRateSchedule`.

    Raises:
        ValueError: for an unknown `kind`, a value outside its range, or `at` out of order.
        TypeError: for an argument of the wrong type.

    Example:

    >>> from kerasrecipes import experiment, schedules
    >>> print(schedules.preview(experiment.falling_rate("steps", 0.5, 4), 4).round(4))
    [0.5   0.5   0.05  0.005]

    Reference: He, Zhang, Ren & Sun (2015), https://arxiv.org/abs/1512.03385, divide the rate by 10
    after a half and three quarters of 64,000 steps.
    """
    check_choice("kind", kind, FALLS)
    check_number("rate", rate, "(0, inf)")
    check_integer("steps", steps, "[1, inf)")
    check_number("factor", factor, "(0, 1)")
    _check_fractions(at)
    if kind == "cosine":
        return SnapshotCosine(rate, steps, cycles=1)
    # A product such as 0.29 * 100 is below the whole number that is meant.
    boundaries = sorted({max(1, int(fraction * steps + 1e-6)) for fraction in at})
    return StepDecay(rate, boundaries, factor)


def _check_fractions(at):
    if not isinstance(at, (list, tuple)):
        raise TypeError(f"Argument `at` must be a tuple of numbers in (0, 1). Received: at={at!r}")
    for fraction in at:
        check_number("at", fraction, "(0, 1)")
    if list(at) != sorted(set(at)):
        raise ValueError(f"Argument `at` must be strictly increasing. Received: at={at!r}")
