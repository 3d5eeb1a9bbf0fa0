"""A product and a sum in one kernel on PyTorch, which does not fuse operations."""

import keras


def multiply_add(x, factor, offset):
    """Return `x * factor + offset`; the three broadcast.

    On PyTorch no intermediate tensor is allocated: memory takes half of the time of such a step.
    """
    if keras.backend.backend() != "torch":
        return x * factor + offset
    import torch

    return torch.addcmul(offset, x, factor)
