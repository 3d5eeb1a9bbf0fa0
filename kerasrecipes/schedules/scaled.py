"""Another schedule times a factor."""

from typing import Any

import keras
from keras import ops

from kerasrecipes._validation import check_number


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Scaled(keras.optimizers.schedules.LearningRateSchedule):
    """Multiplies another schedule by a factor: rate(t) = factor · schedule(t).

    Args:
        schedule: a `keras.optimizers.schedules.LearningRateSchedule`.
        factor: float > 0.

    Returns:
        Called with an optimizer step: the rate, in the float type of `schedule`.

    Raises:
        ValueError: if `factor` is not above 0.
        TypeError: if `schedule` is not a schedule, or `factor` is not a number.

    Example:

    >>> from kerasrecipes.schedules import Scaled, StepDecay, preview
    >>> print(preview(Scaled(StepDecay(1.0, [1]), 0.5), 2))
    [0.5  0.05]
    """

    def __init__(self, schedule: Any, factor: float) -> None:
        if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
            raise TypeError(
                "Argument `schedule` must be a keras.optimizers.schedules.LearningRateSchedule. "
                f"Received: schedule={schedule!r}"
            )
        check_number("factor", factor, "(0, inf)")
        self.schedule = schedule
        self.factor = factor

    def __call__(self, step: Any) -> Any:
        rate = ops.convert_to_tensor(self.schedule(step))
        return rate * ops.convert_to_tensor(self.factor, rate.dtype)

    def get_config(self) -> dict[str, Any]:
        serialized = keras.optimizers.schedules.serialize(self.schedule)
        return {"schedule": serialized, "factor": self.factor}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        schedule = keras.optimizers.schedules.deserialize(config["schedule"])
        return cls(schedule, config["factor"])
