"""Random numbers that depend on a seed alone: SplitMix64, for one image or for a batch.

A seed is a pair of integers; a batch has a pair for each image. The numbers of an image are the
same whether it is drawn alone or in a batch, in a graph or eagerly, jitted or not.
Reference: Steele, Lea & Flood (2014), "Fast splittable pseudorandom number generators",
https://doi.org/10.1145/2660193.2660195.
"""

import numpy as np

from kerasrecipes._backend.tensorflow_module import tf

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
PROPOSALS = 8


def as_seed(seed):
    """Return `seed`, an integer or a pair of integers (or a batch of pairs), as int64 pairs."""
    seed = tf.convert_to_tensor(seed)
    if not seed.dtype.is_integer:
        raise TypeError(f"Argument `seed` must hold integers. Received: dtype={seed.dtype.name}")
    seed = tf.cast(seed, tf.int64)
    if seed.shape.rank == 0:
        seed = tf.stack([tf.zeros_like(seed), seed])
    if seed.shape.rank not in (1, 2) or seed.shape[-1] != 2:
        raise ValueError(
            "Argument `seed` must be an integer, a pair of integers or a batch of pairs. "
            f"Received: shape={seed.shape}"
        )
    return seed


def fold(seed, number):
    """Return a new seed made of `seed` and an integer (or one integer for each seed)."""
    seed = as_seed(seed)
    number = tf.cast(tf.cast(number, tf.int64), tf.uint64)
    first = _mix(_state(seed) + (number + 1) * GOLDEN)
    second = _mix(first ^ FIRST)
    return tf.bitcast(tf.stack([first, second], axis=-1), tf.int64)


def uniform(seed, count):
    """Return `count` float32 numbers per seed, uniform in [0, 1), shape `(..., count)`."""
    values = _uniform(seed, count)
    return settled(values) if isinstance(count, int) else values


def integers(seed, low, high):
    """Return one integer per seed, uniform in [low, high], both included, as int64.

    `low` and `high` are integers, or tensors that broadcast with the batch of seeds.
    """
    return between(fractions(seed, 1)[..., 0], low, high)


def fractions(seed, count):
    """Return `count` float64 numbers per seed, uniform in [0, 1), shape `(..., count)`."""
    return tf.cast(_shift(_bits(seed, count), 11), tf.float64) * 2.0**-53


def between(fraction, low, high):
    """Return the int in [low, high] that a float64 `fraction` of [0, 1) picks, as int64."""
    low, high = tf.cast(low, tf.int64), tf.cast(high, tf.int64)
    return low + tf.cast(fraction * tf.cast(high - low + 1, tf.float64), tf.int64)


def normal(seed, count):
    """Return `count` float32 numbers per seed from N(0, 1), by Box and Muller."""
    return settled(_normal(seed, count))


def beta(seed, alpha):
    """Return one float32 a seed from Beta(alpha, alpha), alpha > 0.

    The ratio of two gamma variables, in logarithms so that a small alpha does not underflow.
    Reference: Marsaglia & Tsang (2000), "A simple method for generating gamma variables",
    https://doi.org/10.1145/358407.358414; the first of eight proposals that is accepted, one in
    10^9 draws finds none and takes the first.
    """
    first, second = (_log_gamma(fold(seed, stream), alpha) for stream in (1, 2))
    return settled(tf.sigmoid(first - second))


def settled(values):
    """Return a batch of draws unchanged, computed once.

    XLA would fuse a draw into the loop over the pixels and recompute it for each; a sort is
    not fused.
    """
    return tf.sort(tf.stack([values, tf.fill(tf.shape(values), np.float32(np.inf))], -1))[..., 0]


def _uniform(seed, count):
    return tf.cast(_shift(_bits(seed, count), 40), tf.float32) * 2.0**-24


def _normal(seed, count):
    both = _uniform(seed, 2 * count)
    radius = tf.sqrt(-2.0 * tf.math.log(1.0 - both[..., :count]))
    return radius * tf.cos(2.0 * np.float32(np.pi) * both[..., count:])


def _log_gamma(seed, alpha):
    shift = alpha + 2 / 3
    proposal = _normal(fold(seed, 1), PROPOSALS)
    power = tf.math.log(tf.maximum(1 + proposal / np.float32(np.sqrt(9 * shift)), 1e-6)) * 3
    bound = 0.5 * proposal**2 + shift * (1 - tf.exp(power) + power)
    accepted = tf.math.log(1 - _uniform(fold(seed, 2), PROPOSALS)) < bound
    first = tf.one_hot(tf.argmax(tf.cast(accepted, tf.int32), axis=-1), PROPOSALS)
    boost = tf.math.log(1 - _uniform(fold(seed, 3), 1)[..., 0]) / alpha
    return np.float32(np.log(shift)) + tf.reduce_sum(first * power, axis=-1) + boost


def _bits(seed, count):
    steps = tf.cast(tf.range(1, tf.cast(count, tf.int64) + 1), tf.uint64) * GOLDEN
    return _mix(_state(as_seed(seed))[..., None] + steps)


def _state(seed):
    pair = tf.bitcast(seed, tf.uint64)
    return _mix(_mix(pair[..., 0] + GOLDEN) ^ (pair[..., 1] * SECOND))


def _mix(bits):
    bits = (bits ^ _shift(bits, 30)) * FIRST
    bits = (bits ^ _shift(bits, 27)) * SECOND
    return bits ^ _shift(bits, 31)


def _shift(bits, count):
    return tf.bitwise.right_shift(bits, tf.constant(count, tf.uint64))
