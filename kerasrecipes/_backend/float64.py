"""Models of dtype float64 in all of its digits; see `arithmetic` for what Keras does on PyTorch."""

import keras


def keeping_float64(function):
    """Return a function in which, on PyTorch, Keras casts no float64 tensor to float32.

    For models whose weights are all float64.
    """
    if keras.backend.backend() != "torch":
        return function

    def call(*arguments):
        with _mode():
            return function(*arguments)

    return call


def _mode():
    import torch
    from torch.overrides import TorchFunctionMode

    class KeepFloat64(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            kwargs = dict(kwargs or {})
            first = args[0] if args else None
            if isinstance(first, torch.Tensor) and first.dtype == torch.float64:
                if func is torch.Tensor.to:
                    args = [torch.float64 if part is torch.float32 else part for part in args]
                if kwargs.get("dtype") is torch.float32:
                    kwargs["dtype"] = torch.float64
            return func(*args, **kwargs)

    return KeepFloat64()
