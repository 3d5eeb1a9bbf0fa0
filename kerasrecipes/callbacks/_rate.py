"""The rate of an optimizer while `fit` runs: another schedule in place of its own, times a factor.

`optimizer.learning_rate = schedule` takes the variable of the rate away: optimizer state from
before no longer fits, and nothing brings the variable back. Here no variable changes.
"""

import warnings

import keras
from keras import ops

from kerasrecipes.schedules import Scaled

_METHOD = "_get_current_learning_rate"


class RateControl:
    """What an optimizer answers, and uses in its compiled step, when asked for its rate.

    Attributes:
        schedule: callable of the count of updates, or `None` for the optimizer's own rate.
        factor: float that the rate is multiplied by.
    """

    def __init__(self, optimizer):
        self.optimizer = optimizer
        self.schedule = None
        self.factor = 1.0

    def __call__(self):
        if self.schedule is not None:
            rate = self.schedule(self.optimizer.iterations)
        else:
            rate = self.own_rate()
        return rate if self.factor == 1 else rate * self.factor

    def own_rate(self):
        """The rate that the optimizer was compiled with."""
        return getattr(type(self.optimizer), _METHOD)(self.optimizer)

    @property
    def accumulation_steps(self):
        return self.optimizer.gradient_accumulation_steps or 1

    def warn_if_scheduled(self):
        if isinstance(
            self.optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule
        ):
            warnings.warn(
                f"The schedule that {self.optimizer.name} was compiled with has no effect while "
                "a callback drives the rate.",
                stacklevel=3,
            )

    def rate_of_last_batch(self):
        """The rate of the last batch, as a number; the optimizer answers with the next one's."""
        last = max(int(self.optimizer._iterations) - 1, 0)
        own = self.optimizer._learning_rate
        if self.schedule is not None:
            rate = self.schedule(last // self.accumulation_steps)
        elif isinstance(own, keras.optimizers.schedules.LearningRateSchedule):
            rate = own(last)
        else:
            rate = self.own_rate()
        return float(ops.convert_to_numpy(rate)) * self.factor


def controls(model):
    """Return the `RateControl` of each optimizer of a model, put in its place if need be."""
    found = []
    for optimizer in _single_optimizers(model.optimizer):
        control = vars(optimizer).get(_METHOD)
        if not isinstance(control, RateControl):
            control = RateControl(optimizer)
            setattr(optimizer, _METHOD, control)
        found.append(control)
    return found


def release(model):
    """Give each optimizer back what it had, where nothing is asked of it any more."""
    for control in controls(model):
        if control.schedule is None and control.factor == 1:
            delattr(control.optimizer, _METHOD)


def retrace(model):
    """Have the step compiled anew: one that is compiled goes on with the rates it was made with."""
    if model.train_function is not None:
        model.make_train_function(force=True)


def make_permanent(control):
    """Leave the factor with the optimizer, in its own variable or schedule."""
    optimizer, own = control.optimizer, control.optimizer._learning_rate
    if isinstance(own, keras.optimizers.schedules.LearningRateSchedule):
        optimizer.learning_rate = Scaled(own, control.factor)
    elif isinstance(own, keras.Variable):
        optimizer.learning_rate = float(ops.convert_to_numpy(own)) * control.factor
    else:
        return
    control.factor = 1.0


def log_rates(model, logs):
    """Put the rate of the epoch's last batch into the logs, unless a companion already has."""
    found = controls(model)
    for control in found:
        name = "learning_rate" if len(found) == 1 else f"learning_rate_{control.optimizer.name}"
        logs.setdefault(name, control.rate_of_last_batch())


def _single_optimizers(optimizer):
    """The optimizers inside a `LossScaleOptimizer`, a `MultiOptimizer` or another wrapper."""
    if hasattr(optimizer, "inner_optimizer"):
        return _single_optimizers(optimizer.inner_optimizer)
    if hasattr(optimizer, "optimizers"):
        return [single for one in optimizer.optimizers for single in _single_optimizers(one)]
    if not hasattr(optimizer, _METHOD):
        raise TypeError(
            "The model must be compiled with a Keras optimizer that has a learning rate. "
            f"Received: optimizer={optimizer!r}"
        )
    return [optimizer]
