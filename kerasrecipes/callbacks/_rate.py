"""The learning rate while `fit` runs: read, logged, replaced by a schedule, times a factor.

`optimizer.learning_rate = schedule` takes the variable of the rate away: optimizer state from
before no longer fits, and nothing brings the variable back. Here no variable changes.
"""

import keras
from keras import ops

from kerasrecipes._backend import keras_internals
from kerasrecipes._backend.updating_optimizers import own_optimizers, updating_optimizers
from kerasrecipes.callbacks._batch_counter import BatchCounter
from kerasrecipes.callbacks._rate_control import RateControl, is_schedule
from kerasrecipes.callbacks._rated_steps import RatedSteps
from kerasrecipes.schedules import Scaled


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
        result.append(RateControl.of(optimizer, model))
        keras_internals.replace_rate(optimizer, result[-1])
    return result


def begin(model):
    """Prepare a `fit` in which `take_effect` is called, before the first rate is driven."""
    is_plain = not any(_installed(optimizer) for optimizer in _every(model))
    RatedSteps.of(model).begin(model, _compiled_in(model) if is_plain else None)


def take_effect(model):
    """Let the next step use the rates as they are driven now.

    A compiled step keeps the rates that it was traced with, all but the parameters.
    """
    driving = [c for optimizer in _every(model) if (c := _installed(optimizer))]
    parameters = [parameter for control in driving for parameter in control.parameters]
    RatedSteps.of(model).use(model, _compiled_in(model), parameters)


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
        if control.schedule is None and control.factor == control.scale == 1:
            keras_internals.replace_rate(control.optimizer, None)


def make_permanent(control):
    """Leave the factor with the optimizer, in its own variable or schedule."""
    optimizer, factor = control.optimizer, control.factor
    own = keras_internals.rate_or_schedule(optimizer)
    if factor == 1:
        return  # a new schedule would compile a new step
    if isinstance(own, Scaled):
        own, factor = own.schedule, own.factor * factor
    if is_schedule(own):
        optimizer.learning_rate = Scaled(own, factor)
    elif isinstance(own, keras.Variable):
        optimizer.learning_rate = float(ops.convert_to_numpy(own)) * factor
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
        control = RateControl.of(optimizer, model)
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
        counters = [(one, keras_internals.step_counter(one)) for one in compiled]
        compiled = [one for one, counter in counters if int(ops.convert_to_numpy(counter))]
    named = [(one.name, one) for one in compiled]
    named += [(path, one) for path, top in own.items() for one in updating_optimizers(top)]
    return [(name, one) for name, one in named if _has_rate(one)]


def _every(model):
    """Return all optimizers with a rate that update the model."""
    tops = [model.optimizer, *own_optimizers(model).values()]
    return [one for top in tops for one in updating_optimizers(top) if _has_rate(one)]


def _compiled_in(model):
    """Return all of the rates that is compiled into a step."""
    result = []
    for optimizer in _every(model):
        control, own = _installed(optimizer), keras_internals.rate_or_schedule(optimizer)
        result.append((_Same(own), control and control.compiled_in()))
    return tuple(result)


class _Same:
    """Equal to itself only, and hashable, unlike a variable."""

    def __init__(self, held):
        self.held = held

    def __eq__(self, other):
        return self.held is other.held

    def __hash__(self):
        return id(self.held)


def _installed(optimizer):
    control = keras_internals.replaced_rate(optimizer)
    return control if isinstance(control, RateControl) else None


def _has_rate(optimizer):
    return optimizer is not None and keras_internals.has_rate(optimizer)


def _check_has_rate(optimizer):
    if not _has_rate(optimizer):
        raise TypeError(
            "The model must be compiled with a Keras optimizer that has a learning rate. "
            f"Received: optimizer={optimizer!r}"
        )
