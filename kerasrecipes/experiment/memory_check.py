"""Refuses a training step that the memory of the machine cannot hold, before the first one.

A process that takes more memory than there is gets killed without a word.
"""

import contextlib
import math
import os
import pathlib

import keras
import numpy as np

from kerasrecipes._backend.accelerator import accelerator
from kerasrecipes._backend.keras_internals import flatten_layers
from kerasrecipes.experiment.stateless import Stateless

LIMIT_OF_CONTAINER = pathlib.Path("/sys/fs/cgroup/memory.max")
GIGABYTE = 10**9


class MemoryCheck(Stateless):
    """Raises a `MemoryError` in `on_train_begin` if a step on the CPU cannot fit in memory.

    The outputs of layers that train are kept until their gradients are computed, so that their sum
    is the least that a step takes. On a GPU or TPU nothing is checked: they raise by themselves.

    That is before any step. On JAX and PyTorch Keras draws a batch of images before it, for the
    shapes, whose outputs it does not compute; it gives callbacks their model only after that.

    Args:
        batch_size: int, images of a step on this machine, those of its other processes too.
    """

    def __init__(self, batch_size: int) -> None:
        super().__init__()
        self.batch_size = batch_size

    def _begin(self):
        needed, memory = bytes_of_step(self.model, self.batch_size), memory_of_machine()
        if accelerator()[0] == "cpu" and needed > memory:
            raise MemoryError(
                f"The outputs of the layers alone take {needed / GIGABYTE:,.0f} GB for a step of "
                f"{self.batch_size} images, and the machine has {memory / GIGABYTE:,.0f} GB"
            )


def bytes_of_step(model, batch_size):
    """Return the size of the outputs of the layers that train; those of unknown size count 0."""
    return sum(map(_bytes_of_output, flatten_layers(model))) * batch_size


def _bytes_of_output(layer):
    if isinstance(layer, keras.Model) or not layer.trainable_weights:
        return 0
    with contextlib.suppress(AttributeError, ValueError):  # called several times, or never
        outputs = keras.tree.flatten(layer.output)
        return sum(
            math.prod(tensor.shape[1:]) * _item_size(tensor)
            for tensor in outputs
            if None not in tensor.shape[1:]
        )
    return 0


def _item_size(tensor):
    return 2 if tensor.dtype == "bfloat16" else np.dtype(tensor.dtype).itemsize


def memory_of_machine():
    """Return the bytes that this process may use at most, infinity if that is not known."""
    limits = [math.inf]
    with contextlib.suppress(AttributeError, ValueError, OSError):
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with contextlib.suppress(ValueError, OSError):  # "max": no limit
        limits.append(int(LIMIT_OF_CONTAINER.read_text()))
    return min(limit for limit in limits if limit > 0)
