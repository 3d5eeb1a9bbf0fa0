"""The learning rate while `fit` runs: read, logged, replaced by a schedule, times a factor.

`optimizer.learning_rate = schedule` takes the variable of the rate away: optimizer state from
before no longer fits, and nothing brings the variable back. Here no variable changes.
"""

import keras
from keras import ops

from kerasrecipes._backend import keras_internals
from kerasrecipes._backend.updating_optimizers import own_optimizers, updating_optimizers
from kerasrecipes._warning import warn
from kerasrecipes.callbacks._batch_counter import BatchCounter
from kerasrecipes.schedules import Scaled


class RateControl:
    """What an optimizer answers, and uses in its compiled step, when asked for its rate.

    Attributes:
        schedule: callable of the count of updates, or `None` for the optimizer's own rate.
        batches: `BatchCounter` where the schedule counts the batches that a loss scale skips too,
            or `None`.
        counted_without_data: int, how many of the batches counted last were none: TensorFlow
            counts one when data of unknown length have ended.
        factor: float that the rate is multiplied by.
    """

    def __init__(self, optimizer):
        self.optimizer = optimizer
        self.schedule = self.batches = None
        self.factor = 1.0
        self.counted_without_data = 0

    def __call__(self):
        if self.schedule is not None:
            rate = self.schedule(self._updates())
        else:
            rate = self.own_rate()
        return rate if self.factor == 1 else rate * self.factor

    def own_rate(self):
        """The rate that the optimizer was compiled with."""
        return keras_internals.compiled_rate(self.optimizer)

    def _updates(self):
        if self.batches is None:
            return self.optimizer.iterations
        return ops.floor_divide(self.batches.count(), self.accumulation_steps)

    def count_of_batches(self):
        """How many batches there were, as an int."""
        if self.batches is None:
            count = keras_internals.step_counter(self.optimizer)
        else:
            count = self.batches.count()
        return int(ops.convert_to_numpy(count))

    @property
    def accumulation_steps(self):
        return self.optimizer.gradient_accumulation_steps or 1

    def warn_if_scheduled(self):
        if _is_schedule(keras_internals.rate_or_schedule(self.optimizer)):
            warn(
                f"The schedule that {self.optimizer.name} was compiled with has no effect while "
                "a callback drives the rate.",
            )

    def rate_of_last_batch(self, steps_before=0):
        """The rate of the last batch, as a number; the optimizer answers with the next one's.

        `steps_before` asks for the rate of an earlier batch of the same epoch.
        """
        last = self.count_of_batches() - self.counted_without_data - 1
        last = max(last - steps_before, 0)
        own = keras_internals.rate_or_schedule(self.optimizer)
        if self.schedule is not None:
            rate = self.schedule(last // self.accumulation_steps)
        elif _is_schedule(own):
            rate = own(last)
        else:
            rate = self.own_rate()
        return float(ops.convert_to_numpy(rate)) * self.factor


def check_option(optimizer):
    """Raise unless `optimizer` may name one of a model's optimizers, or is `None`."""
    if optimizer is not None and not isinstance(optimizer, str):
        raise TypeError(
            "Argument `optimizer` must be the name of an attribute of the model, or None. "
            f"Received: optimizer={optimizer!r}"
        )


def controls(model, name=None):
    """Return the `RateControl`s of an optimizer of a model, installed where there are none.

    `name` says which, where the model holds several: more than one where it is of several itself.
    """
    result = []
    for optimizer in updating_optimizers(_chosen(model, name)):
        _check_has_rate(optimizer)
        control = _installed(optimizer)
        if control is None:
            control = RateControl(optimizer)
            keras_internals.replace_rate(optimizer, control)
        result.append(control)
    return result


def count_skipped_batches(model, name=None):
    """Let schedules count the batches too whose gradients a loss scale finds infinite."""
    top = _chosen(model, name)
    if isinstance(top, keras.optimizers.LossScaleOptimizer):
        counter = BatchCounter(top)
        for control in controls(model, name):
            control.batches = counter


def release(model, name=None):
    """Give each optimizer back its own rate, where no callback changes it any more."""
    for control in controls(model, name):
        if control.schedule is None and control.batches is not None:
            control.batches.remove()
            control.batches = None
        if control.schedule is None and control.factor == 1:
            keras_internals.replace_rate(control.optimizer, None)


def retrace(model):
    """Have the step compiled again: a compiled one keeps the rates that it was traced with."""
    if model.train_function is not None:
        model.make_train_function(force=True)


def make_permanent(control):
    """Leave the factor with the optimizer, in its own variable or schedule."""
    optimizer = control.optimizer
    own = keras_internals.rate_or_schedule(optimizer)
    if _is_schedule(own):
        optimizer.learning_rate = Scaled(own, control.factor)
    elif isinstance(own, keras.Variable):
        optimizer.learning_rate = float(ops.convert_to_numpy(own)) * control.factor
    else:
        return
    control.factor = 1.0


def rates_of_last_batch(model, steps_before=0):
    """Return {name in History: rate of the last batch}, empty without an optimizer that has one.

    `steps_before` asks for those of an earlier batch of the same epoch.
    """
    named = _named(model)
    rates = {}
    for name, optimizer in named:
        name = "learning_rate" if len(named) == 1 else f"learning_rate_{name}"
        while name in rates:
            name += "_"
        control = _installed(optimizer) or RateControl(optimizer)
        rates[name] = control.rate_of_last_batch(steps_before)
    return rates


def log_rates(model, logs):
    """Put the rate of the epoch's last batch into the logs.

    Every callback that shows, drives or lowers the rate does so before it changes anything: the
    first of them is right, and the others find it there.
    """
    for name, rate in rates_of_last_batch(model).items():
        logs.setdefault(name, rate)


def _chosen(model, name):
    own = own_optimizers(model)
    every = own if model.optimizer is None else {"optimizer": model.optimizer, **own}
    if name is None and not own:
        return model.optimizer
    if name not in every:
        raise ValueError(
            f"Argument `optimizer` must name the optimizer whose rate changes, as {model.name} "
            f"holds several: one of {list(every)}. Received: optimizer={name!r}"
        )
    return every[name]


def _named(model):
    """Return [(name, optimizer)] of those with a rate, the compiled one if it is in use."""
    own = own_optimizers(model)
    compiled = updating_optimizers(model.optimizer)
    if own:
        compiled = [one for one in compiled if int(keras_internals.step_counter(one))]
    named = [(one.name, one) for one in compiled]
    named += [(path, one) for path, top in own.items() for one in updating_optimizers(top)]
    return [(name, one) for name, one in named if _has_rate(one)]


def _installed(optimizer):
    control = keras_internals.replaced_rate(optimizer)
    return control if isinstance(control, RateControl) else None


def _is_schedule(rate):
    return isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)


def _has_rate(optimizer):
    return optimizer is not None and keras_internals.has_rate(optimizer)


def _check_has_rate(optimizer):
    if not _has_rate(optimizer):
        raise TypeError(
            "The model must be compiled with a Keras optimizer that has a learning rate. "
            f"Received: optimizer={optimizer!r}"
        )
