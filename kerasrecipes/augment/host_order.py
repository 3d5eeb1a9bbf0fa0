"""The order of `order`, in NumPy: the same indices and seeds of a batch without TensorFlow."""

import math

import numpy as np

from kerasrecipes.augment import host_draws
from kerasrecipes.augment.order import spare_index

_KEY = 498247692  # the first word of the key that `tf.random.experimental.index_shuffle` takes
_SMALLEST_BLOCK = 16  # bits
_LEAST_BITS = 0xFFFFFFFF


def batch_origin(plan, step, shuffle):
    """Return the epoch of a step, and the indices of its images, int64 (N,)."""
    epoch, place = divmod(step, plan.steps)
    start = place * plan.batch_size
    places = np.arange(start, min(start + plan.batch_size, plan.used), dtype=np.int64)
    indices = places * plan.shard[1] + plan.shard[0]
    if shuffle:
        seed = host_draws.fold(plan.seed, epoch)
        indices = permuted(indices, seed, plan.images - 1)
    return epoch, indices


def image_seeds(plan, epoch, indices):
    """The seed of each image, int64 (N, 2), of its epoch and its index."""
    return host_draws.fold(host_draws.fold(plan.seed, epoch), indices)


def permuted(indices, seed, last):
    """Return where a permutation of 0..last, chosen by a seed, takes each of `indices`.

    It is that of TensorFlow's operation `RandomIndexShuffle` with 4 rounds: a block cipher whose
    outputs above `last` are encrypted again.
    Reference: Beaulieu et al. (2013), "The SIMON and SPECK families of lightweight block ciphers",
    https://eprint.iacr.org/2013/404; Black & Rogaway (2002), "Ciphers with arbitrary finite
    domains", https://doi.org/10.1007/3-540-45760-7_9.
    """
    indices = np.asarray(indices)
    if last == 0:
        return np.zeros_like(indices)
    bits = math.ceil(math.log2(last + spare_index(last)))
    half = max(bits + bits % 2, _SMALLEST_BLOCK) // 2
    keys = _round_keys((_KEY, int(seed[0]), int(seed[1])), half)
    values = _encrypted(indices.astype(np.uint64), keys, half)
    above = values > last
    while above.any():
        values[above] = _encrypted(values[above], keys, half)
        above = values > last
    return values.astype(np.int64)


def _round_keys(words, half):
    mask = (1 << half) - 1
    first, second, third = (word & _LEAST_BITS & mask for word in words)
    turned = ((third >> count) | (third << (half - count)) for count in (3, 4))
    fourth = 0xFFFFFFFC ^ 1 ^ first ^ next(turned) ^ next(turned)
    return [np.uint64(key & mask) for key in (first, second, third, fourth)]


def _encrypted(values, keys, half):
    mask = np.uint64((1 << half) - 1)
    left, right = (values >> np.uint64(half)) & mask, values & mask
    for place in (0, 2):
        left = left ^ _round(right, half, mask) ^ keys[place]
        right = right ^ _round(left, half, mask) ^ keys[place + 1]
    return (left << np.uint64(half)) | right


def _round(word, half, mask):
    one, eight, two = (
        ((word << np.uint64(count)) | (word >> np.uint64(half - count))) & mask
        for count in (1, 8, 2)
    )
    return (one & eight) ^ two
