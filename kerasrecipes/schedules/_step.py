"""The optimizer step as schedules take it, and the float type they compute in."""

import numbers

import keras
from keras import ops

LAST = 2**31 - 1
STEPS = f"[1, {LAST}]"  # the range of a number of steps


def as_int32(step):
    """The step as an int32 tensor; later steps than an int32 holds count as the last.

    Raises:
        ValueError: if it is a plain number beyond, which would overflow.
    """
    if isinstance(step, numbers.Real) and step > LAST:
        raise ValueError(f"Argument `step` must be at most {LAST}. Received: step={step}")
    step = ops.convert_to_tensor(step)
    narrow = ops.cast(step, "int32")
    if keras.backend.standardize_dtype(step.dtype) in ("int64", "uint32", "uint64"):
        # The operator, not `ops.greater`, which compares int64 as int32 on PyTorch.
        narrow = ops.where(step > LAST, ops.full_like(narrow, LAST), narrow)
    return narrow


def float_type():
    """Keras's float type, or float32 where that is shorter: steps would stand still in it."""
    return keras.backend.result_type(keras.config.floatx(), "float32")
