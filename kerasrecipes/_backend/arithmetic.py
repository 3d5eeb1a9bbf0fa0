"""Arithmetic in the type of the tensors: Keras's own goes through float32 on PyTorch.

`keras.backend.result_type("float64")` is "float32" there, and what asks it loses half the digits of
float64: `ops.matmul`, `ops.maximum`, `ops.mean`.
"""

import keras
from keras import ops


def wide_type(*dtypes):
    """The float type to compute in: float64 if one of the types is, else float32."""
    names = [keras.backend.standardize_dtype(dtype) for dtype in dtypes]
    return "float64" if "float64" in names else "float32"


def matmul(x, y):
    """The product of two float tensors of one type."""
    if keras.backend.backend() != "torch":
        return ops.matmul(x, y)
    import torch

    return torch.matmul(ops.convert_to_tensor(x), ops.convert_to_tensor(y))


def mean_over(x, axis, keepdims=False):
    """The mean of a float tensor over one axis or several."""
    if keras.backend.backend() != "torch":
        return ops.mean(x, axis=axis, keepdims=keepdims)
    import torch

    return torch.mean(x, dim=axis, keepdim=keepdims)


def maximum(x, y):
    """The larger of a float tensor and a number or a tensor of its type, element by element."""
    if keras.backend.backend() != "torch":
        return ops.maximum(x, y)
    import torch

    x = ops.convert_to_tensor(x)
    return torch.maximum(x, torch.as_tensor(y, dtype=x.dtype, device=x.device))
