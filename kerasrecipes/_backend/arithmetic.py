"""Arithmetic in the dtype of the tensors; on PyTorch, Keras would compute float64 in float32.

The reason is that `keras.backend.result_type("float64")` is "float32" there. `ops.matmul`,
`ops.maximum` and `ops.mean` use it, and lose half of the digits.
"""

import keras
from keras import ops


def wide_type(*dtypes):
    """Return the float type to compute in: float64 if one of the dtypes is, else float32."""
    names = [keras.backend.standardize_dtype(dtype) for dtype in dtypes]
    return "float64" if "float64" in names else "float32"


def matmul(x, y):
    """Return the matrix product of two float tensors of the same dtype."""
    if keras.backend.backend() != "torch":
        return ops.matmul(x, y)
    import torch

    return torch.matmul(ops.convert_to_tensor(x), ops.convert_to_tensor(y))


def mean_over(x, axis, keepdims=False):
    """Return the mean of a float tensor over one or several axes."""
    if keras.backend.backend() != "torch":
        return ops.mean(x, axis=axis, keepdims=keepdims)
    import torch

    return torch.mean(x, dim=axis, keepdim=keepdims)


def maximum(x, y):
    """Return the elementwise maximum of a float tensor and a number, or a tensor of its dtype."""
    if keras.backend.backend() != "torch":
        return ops.maximum(x, y)
    import torch

    x = ops.convert_to_tensor(x)
    return torch.maximum(x, torch.as_tensor(y, dtype=x.dtype, device=x.device))
