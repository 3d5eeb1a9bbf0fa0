"""The table of every public layer that `test_contract.py` holds to one contract.

A row's key begins with the name of the class; a second row of a class adds what is special about
it: `"StochasticDepth batch"`. `make` takes nothing and returns a new layer each time, drawing from
a fixed seed; its dtype is the global policy, which the tests set, so that wrapped layers follow.
"""

import dataclasses
from collections.abc import Callable

import keras
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
    "GhostBatchNormalization": Row(
        make=lambda: layers.GhostBatchNormalization(3, epsilon=1e-3),
        shape=(8, 5, 3, 7),
        inputs=positive,
    ),
    "GhostBatchNormalization channels_first": Row(
        make=lambda: layers.GhostBatchNormalization(2, axis=1, center=False),
        shape=(4, 6, 5, 3),
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
    "PixelScaling": Row(
        make=lambda: layers.PixelScaling([120.0, 110.0, 100.0], 60.0, reverse_channels=True),
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


def shares(shape):
    """Class probabilities."""
    rng = np.random.default_rng(0)
    return rng.dirichlet(np.ones(shape[-1]), size=shape[:-1]).astype("float32")


SERVING = {
    "ClassNames": Row(
        make=lambda: layers.ClassNames(["ant", "bee", "caf\u00e9"]), shape=(4, 3), inputs=shares
    ),
    "TemperatureScaling": Row(
        make=lambda: layers.TemperatureScaling(2.5), shape=(4, 5), inputs=shares
    ),
    "TemperatureScaling of scores": Row(
        make=lambda: layers.TemperatureScaling(0.5, from_logits=True, axis=1), shape=(4, 5, 3)
    ),
}


def residual_branch():
    """A branch with weights and randomness of its own."""
    return keras.Sequential(
        [
            keras.layers.Conv2D(3, 3, padding="same", use_bias=False),
            keras.layers.GroupNormalization(groups=1),
            keras.layers.Dropout(0.1, seed=5),
        ]
    )


def tokens(shape):
    """Indices of an embedding."""
    return np.random.default_rng(0).integers(0, 9, shape).astype("int32")


def stochastic_depth(mode):
    # On every backend the gate of this seed is open at first and closed within six steps.
    return layers.StochasticDepth(residual_branch(), rate=0.4, mode=mode, seed=9)


def deep_without_dropping(mode):
    branch = keras.layers.Dense(3, activation="tanh")
    layer = layers.StochasticDepth(branch, rate=0, mode=mode)
    return layer, lambda layer, x: x + layer.branch(x)


def dense_without_dropping(mask):
    layer = layers.DropConnectDense(5, rate=0, activation="relu", mask=mask)
    plain = keras.layers.Dense(5, activation="relu")

    def run(layer, x):
        plain.build(x.shape)
        plain.set_weights(layer.get_weights())
        return plain(x)

    return layer, run


RANDOMNESS = {
    "StochasticDepth": Row(
        make=lambda: stochastic_depth("subset"),
        shape=(6, 5, 4, 3),
        draws=True,
        rate_zero=lambda: deep_without_dropping("subset"),
    ),
    "StochasticDepth batch": Row(
        make=lambda: stochastic_depth("batch"),
        shape=(6, 5, 4, 3),
        draws=True,
        rate_zero=lambda: deep_without_dropping("batch"),
    ),
    "DropPath": Row(
        make=lambda: layers.DropPath(0.4, seed=1),
        shape=(8, 3, 2),
        draws=True,
        rate_zero=lambda: (layers.DropPath(0), lambda layer, x: x),
    ),
    "DropConnectDense": Row(
        make=lambda: layers.DropConnectDense(5, rate=0.4, activation="relu", seed=1),
        shape=(4, 7),
        draws=True,
        rate_zero=lambda: dense_without_dropping("example"),
    ),
    "DropConnectDense gaussian": Row(
        make=lambda: layers.DropConnectDense(
            5, rate=0.4, activation="tanh", mask="gaussian", kernel_regularizer="l2", seed=1
        ),
        shape=(4, 3, 7),
        draws=True,
        rate_zero=lambda: dense_without_dropping("gaussian"),
    ),
    "DropConnect": Row(
        make=lambda: layers.DropConnect(keras.layers.Conv2D(5, 3), rate=0.4, seed=1),
        shape=(4, 6, 5, 3),
        draws=True,
        rate_zero=lambda: (
            layers.DropConnect(keras.layers.Conv2D(5, 3), rate=0),
            lambda layer, x: layer.layer(x),
        ),
    ),
    "DropConnect of an embedding": Row(
        make=lambda: layers.DropConnect(keras.layers.Embedding(9, 4), rate=0.4, seed=1),
        shape=(4, 30),
        draws=True,
        inputs=tokens,
        rate_zero=lambda: (
            layers.DropConnect(keras.layers.Embedding(9, 4), rate=0),
            lambda layer, x: layer.layer(x),
        ),
    ),
    "FractionalMaxPooling2D": Row(
        make=lambda: layers.FractionalMaxPooling2D(1.414, seed=1), shape=(4, 11, 7, 3), draws=True
    ),
    "FractionalMaxPooling2D disjoint": Row(
        make=lambda: layers.FractionalMaxPooling2D(
            1.3, pseudo_random=False, overlapping=False, seed=1, data_format="channels_first"
        ),
        shape=(4, 3, 9, 10),
        draws=True,
    ),
}

ROWS = {**NORMALIZATION, **DENSE, **PREPROCESSING, **SERVING, **RANDOMNESS}


def class_name(key):
    """The class that a row's key is about."""
    return key.split()[0]


__all__ = ["ROWS", "Row", "class_name", "layers"]
