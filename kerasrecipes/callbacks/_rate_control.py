"""What stands where an optimizer has its rate: a schedule or its own, times a factor."""

import keras
from keras import ops

from kerasrecipes._backend import keras_internals
from kerasrecipes._backend.replicas import scope_of
from kerasrecipes._warning import warn
from kerasrecipes.callbacks._rate_parameter import RateParameter
from kerasrecipes.schedules._step import float_type

KEPT = "_rate_control"  # attribute of an optimizer


class RateControl:
    """What an optimizer answers, and uses in its compiled step, when asked for its rate.

    An optimizer keeps its one control, as compiled steps read the parameters of that.

    Attributes:
        schedule: callable of the count of updates since `origin`, or `None` for the optimizer's
            own rate. `drive` sets it.
        batches: `BatchCounter` where the schedule counts the batches that a loss scale skips too,
            or `None`.
        counted_without_data: int, how many of the batches counted last were none: TensorFlow
            counts one when data of unknown length have ended.
        origin: int, the count of updates at which the schedule begins.
        factor: float that plateaus multiply the rate by.
        scale: float that the size of the batch multiplies it by, besides.
    """

    def __init__(self, optimizer):
        self.optimizer = optimizer
        self.schedule = self.batches = self._kind = None
        self._origin = RateParameter(0, "int32")
        self._factor, self._scale = 1.0, 1.0
        self._product = RateParameter(1.0, float_type())
        self.counted_without_data = 0

    @classmethod
    def of(cls, optimizer, model):
        """Return the control of an optimizer of a model, which need not be installed."""
        if KEPT not in vars(optimizer):
            with scope_of(model):
                vars(optimizer)[KEPT] = cls(optimizer)  # past the tracking of attributes
        return vars(optimizer)[KEPT]

    @property
    def origin(self):
        return self._origin.value

    @origin.setter
    def origin(self, origin):
        self._origin.value = origin

    @property
    def factor(self):
        return self._factor

    @factor.setter
    def factor(self, factor):
        self._factor = factor
        self._product.value = factor * self._scale

    @property
    def scale(self):
        return self._scale

    @scale.setter
    def scale(self, scale):
        self._scale = scale
        self._product.value = self._factor * scale

    @property
    def parameters(self):
        return [self._origin, self._product]

    def drive(self, schedule, kind, origin=0):
        """Use `schedule` from the count `origin` on; those of equal `kind` are the same."""
        self.schedule, self._kind, self.origin = schedule, kind, origin

    def stop(self):
        """Give the optimizer its own rate again, times the factor."""
        self.schedule = self._kind = None

    def compiled_in(self):
        """Return all of it that is compiled into a step."""
        constants = tuple(parameter.constant for parameter in self.parameters)
        return self._kind, self.batches is not None, constants

    def __call__(self):
        if self.schedule is not None:
            since = ops.cast(self._updates(), "int32") - self._origin.in_step()
            rate = self.schedule(since)
        else:
            rate = self.own_rate()
        rate = ops.convert_to_tensor(rate)
        return rate * ops.cast(self._product.in_step(), rate.dtype)

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
        if is_schedule(keras_internals.rate_or_schedule(self.optimizer)):
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
            rate = self.schedule(last // self.accumulation_steps - self.origin)
        elif is_schedule(own):
            rate = own(last)
        else:
            rate = self.own_rate()
        return float(ops.convert_to_numpy(rate)) * self._product.value


def is_schedule(rate):
    """Whether a rate is a schedule of Keras."""
    return isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
