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


def pixels(shape):
    """Raw images."""
    return np.random.default_rng(0).integers(0, 256, shape).astype("uint8")


def positive(shape):
    """Far from zero, so that means matter."""
    return 3 + normal(shape)


NORMALIZATION = {
    "GroupNormalization": Row(
        make=lambda: layers.GroupNormalization(groups=3, epsilon=1e-3),
        shape=(4, 5, 7, 6),
        inputs=positive,
    ),
    "GroupNormalization channels_first": Row(
        make=lambda: layers.GroupNormalization(groups=2, axis=1, scale=False),
        shape=(4, 6, 5, 3),
        inputs=positive,
    ),
    "InstanceNormalization": Row(
        make=lambda: layers.InstanceNormalization(beta_regularizer="l2"),
        shape=(4, 5, 7, 3),
        inputs=positive,
    ),
    "DecorrelatedBatchNormalization": Row(
        make=lambda: layers.DecorrelatedBatchNormalization(group_size=3, epsilon=1e-3),
        shape=(8, 5, 3, 7),
        inputs=positive,
    ),
    "DecorrelatedBatchNormalization newton": Row(
        make=lambda: layers.DecorrelatedBatchNormalization(
            group_size=4, axis=1, method="newton", iterations=4, epsilon=1e-3
        ),
        shape=(8, 7, 5, 3),
        inputs=positive,
    ),
}
DENSE = {
    "Maxout": Row(
        make=lambda: layers.Maxout(5, pieces=3, kernel_initializer="he_normal"), shape=(4, 7)
    ),
    "Maxout of sequences": Row(
        make=lambda: layers.Maxout(5, use_bias=False, kernel_regularizer="l2"), shape=(4, 3, 7)
    ),
}
PREPROCESSING = {
    "ImagePreprocessing": Row(
        make=lambda: layers.ImagePreprocessing(8, resize=9, mean=[120.0, 110.0, 100.0], std=60.0),
        shape=(4, 13, 11, 3),
        inputs=pixels,
    ),
    "Whitening": Row(
        make=lambda: layers.Whitening("zca", epsilon=1e-3),
        shape=(8, 5, 3, 4),
        prepare=lambda layer: layer.adapt(positive((30, 5, 3, 4))),
        inputs=positive,
    ),
    "Whitening of images": Row(
        make=lambda: layers.Whitening("pca", epsilon=1e-2, axis=(1, 2, 3)),
        shape=(8, 2, 3, 2),
        prepare=lambda layer: layer.adapt(positive((30, 2, 3, 2))),
        inputs=positive,
    ),
}

ROWS = {**NORMALIZATION, **DENSE, **PREPROCESSING}


def class_name(key):
    """The class that a row's key is about."""
    return key.split()[0]


__all__ = ["ROWS", "Row", "class_name", "layers"]
