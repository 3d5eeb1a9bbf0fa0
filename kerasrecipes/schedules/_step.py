"""The optimizer step as an int32, and the float type that schedules compute in."""

import numbers

import keras
from keras import ops

LAST = 2**31 - 1
STEPS = f"[1, {LAST}]"  # the range of a number of steps


def as_int32(step):
    """Return the step as an int32 tensor; a tensor above the largest int32 is clipped to it.

    Raises:
        ValueError: if a Python number is above the largest int32.
    """
    if isinstance(step, numbers.Real) and step > LAST:
        raise ValueError(f"Argument `step` must be at most {LAST}. Received: step={step}")
    step = ops.convert_to_tensor(step)
    narrow = ops.cast(step, "int32")
    if keras.backend.standardize_dtype(step.dtype) in ("int64", "uint32", "uint64"):
        # Not `ops.greater`: on PyTorch it compares int64 as int32.
        narrow = ops.where(step > LAST, ops.full_like(narrow, LAST), narrow)
    return narrow


def float_type():
    """Return Keras's float type, at least float32: half precision cannot count steps."""
    return keras.backend.result_type(keras.config.floatx(), "float32")
