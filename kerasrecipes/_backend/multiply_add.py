"""A product and a sum in one pass, on PyTorch, which fuses nothing."""

import keras


def multiply_add(x, factor, offset):
    """Return `x * factor + offset`; the three broadcast.

    What is not written between is not faulted in: memory is half of such a step's time.
    """
    if keras.backend.backend() != "torch":
        return x * factor + offset
    import torch

    return torch.addcmul(offset, x, factor)
