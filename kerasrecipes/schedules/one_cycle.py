"""OneCycle: one rise and one long fall of the learning rate (1cycle)."""

import math
from typing import Any

import keras
from keras import ops

from kerasrecipes._validation import check_choice, check_integer, check_number
from kerasrecipes.schedules._step import LAST, as_int32, float_type


@keras.saving.register_keras_serializable(package="kerasrecipes")
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Rises once to the maximum, then falls far below the initial rate.

    ```
    from  max_learning_rate / initial_divisor                     at step 0
    to    max_learning_rate                                       at step rise · total - 1
    to    max_learning_rate / (initial_divisor · final_divisor)   at step total - 1, and from there
    ```

    with half a cosine or a line in between.

    Args:
        max_learning_rate: float > 0, the peak.
        total: int >= 2, optimizer steps of the training.
        rise: float in (0, 1), fraction of the training in which the rate rises; rise · total must
            be above 1. Defaults to 0.3.
        initial_divisor: float >= 1, the peak divided by the first rate. Defaults to 25.
        final_divisor: float >= 1, the first rate divided by the last. Defaults to 10000.
        shape: `"cosine"` or `"linear"`. Defaults to `"cosine"`.

    Returns:
        Called with an optimizer step: the rate, a scalar of Keras's float type, or of
        float32 if that is shorter.

    Raises:
        ValueError: for an argument outside its range.
        TypeError: for an argument of the wrong type.

    Example:

    >>> from kerasrecipes.schedules import OneCycle, preview
    >>> print(preview(OneCycle(1.0, total=10, rise=0.5), 10).round(2))
    [0.04 0.18 0.52 0.86 1.   0.9  0.65 0.35 0.1  0.  ]

    Reference: Smith & Topin (2017), https://arxiv.org/abs/1708.07120. Two phases and a cosine
        as in PyTorch's OneCycleLR, with the same values; the paper uses lines. The momentum is
        not cycled.
    """

    def __init__(
        self,
        max_learning_rate: float,
        total: int,
        rise: float = 0.3,
        initial_divisor: float = 25.0,
        final_divisor: float = 1e4,
        shape: str = "cosine",
    ) -> None:
        check_number("max_learning_rate", max_learning_rate, "(0, inf)")
        check_integer("total", total, f"[2, {LAST}]")
        check_number("rise", rise, "(0, 1)")
        check_number("initial_divisor", initial_divisor, "[1, inf)")
        check_number("final_divisor", final_divisor, "[1, inf)")
        check_choice("shape", shape, ("cosine", "linear"))
        if rise * total <= 1:
            raise ValueError(
                "Argument `rise` must be more than 1 / total, so that the rise has a step. "
                f"Received: rise={rise}, total={total}"
            )
        self.max_learning_rate = max_learning_rate
        self.total = total
        self.rise = rise
        self.initial_divisor = initial_divisor
        self.final_divisor = final_divisor
        self.shape = shape

    def __call__(self, step: Any) -> Any:
        first = self.max_learning_rate / self.initial_divisor
        last = first / self.final_divisor
        top = self.rise * self.total - 1
        step = ops.cast(as_int32(step), float_type())
        up = self._between(first, self.max_learning_rate, step / top)
        down = self._between(self.max_learning_rate, last, (step - top) / (self.total - 1 - top))
        return ops.where(step <= top, up, down)

    def _between(self, begin, end, fraction):
        fraction = ops.clip(fraction, 0, 1)
        if self.shape == "cosine":
            fraction = (1 - ops.cos(math.pi * fraction)) / 2
        return begin * (1 - fraction) + end * fraction

    def get_config(self) -> dict[str, Any]:
        return {
            "max_learning_rate": self.max_learning_rate,
            "total": self.total,
            "rise": self.rise,
            "initial_divisor": self.initial_divisor,
            "final_divisor": self.final_divisor,
            "shape": self.shape,
        }
