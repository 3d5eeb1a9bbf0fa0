"""The table of every public layer that `test_contract.py` holds to one contract.

A row's key begins with the name of the class; a second row of a class adds what is special about
it: `"StochasticDepth batch"`. `make` takes nothing and returns a new layer each time, drawing from
a fixed seed; its dtype is the global policy, which the tests set, so that wrapped layers follow.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from kerasrecipes import layers


def normal(shape):
    """The default input: a fixed standard normal draw."""
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@dataclasses.dataclass(frozen=True)
class Row:
    """A layer, an input for it, and in what it differs from the plainest layer."""

    make: Callable  # () -> a new layer, seeded if it draws
    shape: tuple  # of the input, the batch first
    draws: bool = False  # training is random: two training calls differ
    prepare: Callable | None = None  # (layer) -> None, before the first call: `adapt`
    inputs: Callable = normal  # (shape) -> NumPy array
    half: float = 0.05  # largest error in mixed_float16; eight times that in mixed_bfloat16
    # () -> (the layer at rate=0, plain), where plain(layer, x) is what it must then equal
    rate_zero: Callable | None = None


ROWS = {}


def class_name(key):
    """The class that a row's key is about."""
    return key.split()[0]


__all__ = ["ROWS", "Row", "class_name", "layers"]
