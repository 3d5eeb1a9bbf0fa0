"""StepDecay: multiplies the learning rate by a factor at given steps."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerasrecipes._validation import check_integer, check_number
from kerasrecipes.schedules._step import LAST, as_int32, float_type
from kerasrecipes.schedules._warm_up import with_warm_up


@keras.saving.register_keras_serializable(package="kerasrecipes")
class StepDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Multiplies the rate by a factor at given optimizer steps.

    ```
    rate(t) = initial_learning_rate · factor^(number of boundaries <= t)
    rate(t) = initial_learning_rate · (t + 1) / (warmup + 1)          while t < warmup
    ```

    Args:
        initial_learning_rate: float > 0, the rate up to the first boundary.
        boundaries: integers >= 1, strictly increasing, none inside the warm-up: the optimizer
            steps, counted from 0, at which the next lower rate begins.
        factor: float in (0, 1), multiplies the rate at each boundary. Defaults to 0.1.
        warmup: int >= 0, steps of a linear rise at the beginning. It does not shift the
            boundaries. Defaults to 0.

    Returns:
        Called with an optimizer step: the rate, a scalar of Keras's float type, or of
        float32 if that is shorter.

    Raises:
        ValueError: for an argument outside its range, or boundaries out of order.
        TypeError: for an argument of the wrong type.

    Example:

    >>> from kerasrecipes.schedules import StepDecay, preview
    >>> print(preview(StepDecay(0.5, [2, 4]), 6))
    [0.5   0.5   0.05  0.05  0.005 0.005]

    Reference: He, Zhang, Ren, Sun (2015), https://arxiv.org/abs/1512.03385: 0.1, divided by 10 at
        32,000 and 48,000 of 64,000 steps. There the warm-up is 400 steps at a constant 0.01,
        for ResNet-110 alone; ours is the linear one of Goyal et al. (2017),
        https://arxiv.org/abs/1706.02677.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        boundaries: Sequence[int],
        factor: float = 0.1,
        warmup: int = 0,
    ) -> None:
        check_number("initial_learning_rate", initial_learning_rate, "(0, inf)")
        check_number("factor", factor, "(0, 1)")
        check_integer("warmup", warmup, f"[0, {LAST}]")
        _check_boundaries(boundaries, warmup)
        self.initial_learning_rate = initial_learning_rate
        self.boundaries = list(boundaries)
        self.factor = factor
        self.warmup = warmup
        self._rates = [initial_learning_rate * factor**i for i in range(len(boundaries) + 1)]

    def __call__(self, step: Any) -> Any:
        step = as_int32(step)
        rates = ops.convert_to_tensor(self._rates, float_type())
        if not self.boundaries:
            rate = rates[0]
        else:
            reached = step >= ops.convert_to_tensor(self.boundaries, "int32")
            rate = ops.take(rates, ops.sum(ops.cast(reached, "int32")))
        return with_warm_up(step, rate, self.initial_learning_rate, self.warmup)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "boundaries": self.boundaries,
            "factor": self.factor,
            "warmup": self.warmup,
        }


def _check_boundaries(boundaries, warmup):
    if not isinstance(boundaries, (list, tuple)):
        raise TypeError(
            "Argument `boundaries` must be a list of optimizer steps. "
            f"Received: boundaries={boundaries!r}"
        )
    for boundary in boundaries:
        check_integer("boundaries", boundary, f"[1, {LAST}]")
    if list(boundaries) != sorted(set(boundaries)):
        raise ValueError(
            "Argument `boundaries` must be strictly increasing. "
            f"Received: boundaries={boundaries!r}"
        )
    if boundaries and boundaries[0] < warmup:
        raise ValueError(
            "Argument `boundaries` must not begin inside the warm-up. "
            f"Received: boundaries={boundaries!r}, warmup={warmup}"
        )
