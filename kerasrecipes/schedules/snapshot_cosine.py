"""Cosine cycles of one length, for snapshot ensembles."""

import math
from typing import Any

import keras
from keras import ops

from kerasrecipes._validation import check_integer, check_number
from kerasrecipes._warning import warn
from kerasrecipes.schedules._step import STEPS, as_int32, float_type


@keras.saving.register_keras_serializable(package="kerasrecipes")
class SnapshotCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Divides a training into cosine cycles, each ending in a snapshot.

    ```
    rate(t) = max_learning_rate / 2 · (cos(π · (t mod C) / C) + 1),   C = ⌈total / cycles⌉
    ```

    with t = 0 for the first optimizer step (the paper counts from 1 and uses t - 1). If
    `cycles` does not divide `total`, the last cycle is truncated.

    Args:
        max_learning_rate: float > 0, the rate at each cycle's first step.
        total: int >= 1, optimizer steps of the training.
        cycles: int in [1, total], number of cycles and of snapshots.

    Returns:
        Called with an optimizer step: the rate, a scalar of Keras's float type, or of
        float32 if that is shorter.

    Raises:
        ValueError: for an argument outside its range.
        TypeError: for an argument of the wrong type.

    Example:

    >>> from kerasrecipes.schedules import SnapshotCosine, preview
    >>> print(preview(SnapshotCosine(1.0, total=8, cycles=2), 8).round(3))
    [1.    0.854 0.5   0.146 1.    0.854 0.5   0.146]

    Reference: Huang, Li, Pleiss et al. (2017), https://arxiv.org/abs/1704.00109, equation 2.
    """

    def __init__(self, max_learning_rate: float, total: int, cycles: int) -> None:
        check_number("max_learning_rate", max_learning_rate, "(0, inf)")
        check_integer("total", total, STEPS)
        check_integer("cycles", cycles, f"[1, {total}]")
        self.max_learning_rate = max_learning_rate
        self.total = total
        self.cycles = cycles
        self._length = math.ceil(total / cycles)
        begun = math.ceil(total / self._length)
        if begun < cycles:
            warn(
                f"{cycles} cycles of ⌈{total} / {cycles}⌉ = {self._length} steps do not fit into "
                f"{total} steps: only {begun} will begin."
            )

    def __call__(self, step: Any) -> Any:
        position = ops.cast(as_int32(step) % self._length, float_type()) / self._length
        return self.max_learning_rate * (ops.cos(math.pi * position) + 1) / 2

    def get_config(self) -> dict[str, Any]:
        return {
            "max_learning_rate": self.max_learning_rate,
            "total": self.total,
            "cycles": self.cycles,
        }
