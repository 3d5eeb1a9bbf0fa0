"""Cosine cycles with warm restarts (SGDR)."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes._validation import check_integer, check_number
from kerasrecipes.schedules._step import LAST, as_int32, float_type
from kerasrecipes.schedules._warm_up import with_warm_up


@keras.saving.register_keras_serializable(package="kerasrecipes")
class WarmRestarts(keras.optimizers.schedules.LearningRateSchedule):
    """Falls along a cosine, then restarts from the peak with a longer cycle.

    ```
    T_i     = round(first_cycle · cycle_multiplier^i), at least 1
    peak_i  = max(min_learning_rate, max_learning_rate · peak_multiplier^i)
    rate(t) = min_learning_rate + (peak_i - min_learning_rate) · (1 + cos(π · T_cur / T_i)) / 2
    ```

    where T_cur is the number of steps since cycle i began; the first step of a cycle has exactly
    the rate `peak_i`. Cycles start at integer steps, so rounding never shifts a restart.
    During the warm-up the rate is max_learning_rate · (t + 1) / (warmup + 1).

    Args:
        max_learning_rate: float > 0, the rate at the first step of the first cycle.
        first_cycle: float >= 1, steps of the first cycle.
        cycle_multiplier: float >= 1, ratio of the lengths of successive cycles. Defaults to 2.
        min_learning_rate: float in [0, max_learning_rate], the rate that the cosine approaches.
            Defaults to 0.
        peak_multiplier: float in (0, 1], ratio of successive peaks. Defaults to 1.
        warmup: int >= 0, steps of a linear rise before the first cycle. Defaults to 0.

    Returns:
        Called with an optimizer step: the rate, a scalar of Keras's float type, or of
        float32 if that is shorter.

    Raises:
        ValueError: for an argument outside its range.
        TypeError: for an argument of the wrong type.

    Example:

    >>> from kerasrecipes.schedules import WarmRestarts, preview
    >>> print(preview(WarmRestarts(1.0, first_cycle=2), 7).round(3))
    [1.    0.5   1.    0.854 0.5   0.146 1.   ]

    Reference: Loshchilov & Hutter (2016), https://arxiv.org/abs/1608.03983, equation 5, with T_cur
        advanced by batch. The paper does not say what to do if T_i is not an integer; we round it.
    """

    def __init__(
        self,
        max_learning_rate: float,
        first_cycle: float,
        cycle_multiplier: float = 2.0,
        min_learning_rate: float = 0.0,
        peak_multiplier: float = 1.0,
        warmup: int = 0,
    ) -> None:
        check_number("max_learning_rate", max_learning_rate, "(0, inf)")
        check_number("first_cycle", first_cycle, f"[1, {LAST}]")
        check_number("cycle_multiplier", cycle_multiplier, "[1, inf)")
        check_number("min_learning_rate", min_learning_rate, f"[0, {max_learning_rate}]")
        check_number("peak_multiplier", peak_multiplier, "(0, 1]")
        check_integer("warmup", warmup, f"[0, {LAST}]")
        self.max_learning_rate = max_learning_rate
        self.first_cycle = first_cycle
        self.cycle_multiplier = cycle_multiplier
        self.min_learning_rate = min_learning_rate
        self.peak_multiplier = peak_multiplier
        self.warmup = warmup
        self._runs = _runs_of_equal_cycles(first_cycle, cycle_multiplier)

    def __call__(self, step: Any) -> Any:
        floatx = float_type()
        step = as_int32(step)
        since = ops.maximum(step - self.warmup, 0)
        start, first, length = self._run_at(since)
        position = ops.cast((since - start) % length, floatx) / ops.cast(length, floatx)
        falling = (1 + ops.cos(math.pi * position)) / 2
        peak = ops.convert_to_tensor(self.max_learning_rate, floatx)
        if self.peak_multiplier != 1:
            cycle = ops.cast(first + (since - start) // length, floatx)
            peak = peak * ops.power(ops.convert_to_tensor(self.peak_multiplier, floatx), cycle)
            peak = ops.maximum(peak, self.min_learning_rate)
        rate = peak * falling + self.min_learning_rate * (1 - falling)
        return with_warm_up(step, rate, self.max_learning_rate, self.warmup)

    def cycle_ends(self, steps: int) -> list[int]:
        """Return the number of steps done at the end of each cycle, up to `steps`."""
        ends = []
        for (start, _, length), following in zip(self._runs, [*self._runs[1:], None]):
            stop = steps - self.warmup if following is None else following[0]
            stop = min(stop, steps - self.warmup)
            ends += range(start + length + self.warmup, stop + self.warmup + 1, length)
        return ends

    def _run_at(self, since):
        if len(self._runs) == 1:
            return self._runs[0]
        starts, firsts, lengths = (
            ops.convert_to_tensor(np.array(column, "int32")) for column in zip(*self._runs)
        )
        index = ops.sum(ops.cast(since >= starts, "int32")) - 1
        return ops.take(starts, index), ops.take(firsts, index), ops.take(lengths, index)

    def get_config(self) -> dict[str, Any]:
        return {
            "max_learning_rate": self.max_learning_rate,
            "first_cycle": self.first_cycle,
            "cycle_multiplier": self.cycle_multiplier,
            "min_learning_rate": self.min_learning_rate,
            "peak_multiplier": self.peak_multiplier,
            "warmup": self.warmup,
        }


def _runs_of_equal_cycles(first_cycle, multiplier):
    """Return (first step, first cycle, length) for each run of cycles of equal rounded length."""

    def length_of(cycle):
        return max(1, round(min(first_cycle * multiplier**cycle, LAST)))

    start, cycle, runs = 0, 0, []
    while start <= LAST:
        length = length_of(cycle)
        runs.append((start, cycle, length))
        if multiplier == 1 or length == LAST:
            break
        following = max(cycle, _cycles_until(length + 0.5, first_cycle, multiplier) - 2) + 1
        while length_of(following) == length:
            following += 1
        start += (following - cycle) * length
        cycle = following
    return runs


def _cycles_until(length, first_cycle, multiplier):
    return math.floor(math.log(length / first_cycle) / math.log1p(multiplier - 1))
