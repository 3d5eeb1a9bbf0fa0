"""Linear warm-up."""

from keras import ops

from kerasrecipes.schedules._step import float_type


def with_warm_up(step, rate, peak, warmup):
    """Return peak · (step + 1) / (warmup + 1) while step < warmup, then `rate`.

    No step has rate 0, and the first step after the warm-up is the first at the peak.
    """
    if not warmup:
        return rate
    floatx = float_type()
    rising = (ops.cast(step, floatx) + 1) * ops.convert_to_tensor(peak / (warmup + 1), floatx)
    return ops.where(step < warmup, rising, rate)
