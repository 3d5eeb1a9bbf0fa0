"""Shape and dtype of an array, where there is no TensorFlow to say them."""

from typing import Any, NamedTuple


class ArraySpec(NamedTuple):
    """What a `tf.TensorSpec` says: `shape`, `None` for what varies, and the NumPy `dtype`."""

    shape: tuple
    dtype: Any
