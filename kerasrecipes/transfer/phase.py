"""One phase of fine-tuning: the layers to train, the epochs and the learning rate."""

import dataclasses
import numbers

import keras

from kerasrecipes._validation import check_boolean, check_integer, check_number


@dataclasses.dataclass(frozen=True)
class Phase:
    """One phase of fine-tuning: the layers to train, the epochs and the learning rate.

    Args:
        train: `"head"` for the layers after the final feature map, int >= 1 for the head and that
            many of the last stages in `models.stages`, or `"all"`.
        epochs: int >= 1.
        learning_rate: float > 0, or a `LearningRateSchedule` of the updates since the phase began,
            or `None` (default) for the rate of the optimizer given to `fine_tune`.
        decay: float in (0, 1], multiplies the rate from each stage to the stage before it. The
            head has the full rate, the last stage `decay` times that. Defaults to 1.
        train_normalization: bool, whether to train the normalisation layers of the trained stages.
            Otherwise they work as in prediction: their scales and statistics do not change. Those
            of the head are new and are always trained. Defaults to `False`.

    Raises:
        TypeError, ValueError: for an argument of the wrong type or out of range.

    Example:

    >>> from kerasrecipes.transfer import Phase
    >>> print(Phase("head", epochs=20, learning_rate=1e-3))
    the head for 20 epochs at rate 0.001
    >>> print(Phase(2, epochs=10, learning_rate=1e-4, decay=0.5))
    the head and the last 2 stages for 10 epochs at rate 0.0001, times 0.5 a stage
    """

    train: str | int
    epochs: int
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule | None = None
    decay: float = 1.0
    train_normalization: bool = False

    def __post_init__(self):
        if isinstance(self.train, numbers.Integral):
            check_integer("train", self.train, "[1, inf)")
        elif self.train not in ("head", "all"):
            raise ValueError(
                "Argument `train` must be 'head', 'all' or an integer in [1, inf). "
                f"Received: train={self.train!r}"
            )
        check_integer("epochs", self.epochs, "[1, inf)")
        schedule = keras.optimizers.schedules.LearningRateSchedule
        if self.learning_rate is not None and not isinstance(self.learning_rate, schedule):
            check_number("learning_rate", self.learning_rate, "(0, inf)")
        check_number("decay", self.decay, "(0, 1]")
        check_boolean("train_normalization", self.train_normalization)

    def __str__(self):
        what = {"head": "the head", "all": "everything", 1: "the head and the last stage"}.get(
            self.train, f"the head and the last {self.train} stages"
        )
        rate = self.learning_rate
        if isinstance(rate, numbers.Real):
            rate = f"rate {rate:g}"
        elif rate is None:
            rate = "the optimizer's rate"
        else:
            rate = f"the rate of a {type(rate).__name__}"
        decay = "" if self.decay == 1 else f", times {self.decay:g} a stage"
        epochs = "epoch" if self.epochs == 1 else "epochs"
        return f"{what} for {self.epochs} {epochs} at {rate}{decay}"
