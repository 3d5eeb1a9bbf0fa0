"""The learning rates of a schedule as an array, to look at before training."""

from typing import Any

import numpy as np
from keras import ops

from kerasrecipes._validation import check_integer


def preview(schedule: Any, steps: int) -> Any:
    """Return the rates of a schedule for optimizer steps 0, 1, ..., steps - 1.

    Args:
        schedule: any Keras `LearningRateSchedule`, or a callable of a step.
        steps: int >= 1.

    Returns:
        NumPy array of shape `(steps,)`: the rates that an optimizer will use, in the float type
        that the schedule computes in.

    Raises:
        TypeError: if `schedule` cannot be called.
        ValueError: if `steps` is below 1.

    Example:

    >>> import keras
    >>> from kerasrecipes.schedules import preview
    >>> print(preview(keras.optimizers.schedules.InverseTimeDecay(1.0, 1, 1.0), 4).round(3))
    [1.    0.5   0.333 0.25 ]
    """
    if not callable(schedule):
        raise TypeError(
            "Argument `schedule` must be a LearningRateSchedule or a callable of a step. "
            f"Received: schedule={schedule!r}"
        )
    check_integer("steps", steps, "[1, inf)")
    return np.stack([ops.convert_to_numpy(schedule(step)) for step in range(steps)])
