"""The random numbers of `draws`, in NumPy: the same bits without TensorFlow.

Integers and uniform numbers are equal bit for bit; those that take a logarithm (`normal`, `beta`)
to the rounding of float32.
"""

import numpy as np

from kerasrecipes.augment.draws import FIRST, GOLDEN, PROPOSALS, SECOND


def as_seed(seed):
    """Return `seed`, an integer or a pair of integers (or a batch of pairs), as int64 pairs."""
    seed = np.asarray(seed)
    if seed.dtype.kind not in "iu":
        raise TypeError(f"Argument `seed` must hold integers. Received: dtype={seed.dtype}")
    seed = seed.astype(np.int64)
    if seed.ndim == 0:
        seed = np.stack([np.zeros_like(seed), seed])
    if seed.ndim not in (1, 2) or seed.shape[-1] != 2:
        raise ValueError(
            "Argument `seed` must be an integer, a pair of integers or a batch of pairs. "
            f"Received: shape={seed.shape}"
        )
    return seed


def fold(seed, number):
    """Return a new seed made of `seed` and an integer (or one integer for each seed)."""
    with np.errstate(over="ignore"):  # integers modulo 2^64
        number = np.asarray(number, np.int64).astype(np.uint64)
        first = _mix(_state(as_seed(seed)) + (number + np.uint64(1)) * GOLDEN)
        second = _mix(first ^ FIRST)
        return np.stack([first, second], axis=-1).view(np.int64)


def uniform(seed, count):
    """Return `count` float32 numbers per seed, uniform in [0, 1), shape `(..., count)`."""
    return (_bits(seed, count) >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)


def fractions(seed, count):
    """Return `count` float64 numbers per seed, uniform in [0, 1), shape `(..., count)`."""
    return (_bits(seed, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def integers(seed, low, high):
    """Return one integer per seed, uniform in [low, high], both included, as int64."""
    return between(fractions(seed, 1)[..., 0], low, high)


def between(fraction, low, high):
    """Return the int in [low, high] that a float64 `fraction` of [0, 1) picks, as int64."""
    low, high = np.asarray(low, np.int64), np.asarray(high, np.int64)
    return low + (fraction * (high - low + 1).astype(np.float64)).astype(np.int64)


def normal(seed, count):
    """Return `count` float32 numbers per seed from N(0, 1), by Box and Muller."""
    both = uniform(seed, 2 * count)
    radius = np.sqrt(np.float32(-2) * np.log(1 - both[..., :count]))
    return radius * np.cos(2 * np.float32(np.pi) * both[..., count:])


def beta(seed, alpha):
    """Return one float32 a seed from Beta(alpha, alpha), alpha > 0, as `draws.beta` does."""
    first, second = (_log_gamma(fold(seed, stream), np.float32(alpha)) for stream in (1, 2))
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(second - first))


def _log_gamma(seed, alpha):
    shift = alpha + np.float32(2 / 3)
    proposal = normal(fold(seed, 1), PROPOSALS)
    base = np.maximum(1 + proposal / np.sqrt(9 * shift), np.float32(1e-6))
    power = np.log(base) * 3
    bound = np.float32(0.5) * proposal**2 + shift * (1 - np.exp(power) + power)
    accepted = np.log(1 - uniform(fold(seed, 2), PROPOSALS)) < bound
    first = np.argmax(accepted, axis=-1)[..., None]
    boost = np.log(1 - uniform(fold(seed, 3), 1)[..., 0]) / alpha
    return np.log(shift) + np.take_along_axis(power, first, axis=-1)[..., 0] + boost


def _bits(seed, count):
    with np.errstate(over="ignore"):
        steps = np.arange(1, count + 1, dtype=np.uint64) * GOLDEN
        return _mix(_state(as_seed(seed))[..., None] + steps)


def _state(seed):
    pair = seed.view(np.uint64)
    return _mix(_mix(pair[..., 0] + GOLDEN) ^ (pair[..., 1] * SECOND))


def _mix(bits):
    bits = (bits ^ (bits >> np.uint64(30))) * FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * SECOND
    return bits ^ (bits >> np.uint64(31))
