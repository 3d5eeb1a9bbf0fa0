"""Random draws that are as cheap under XLA as without it, and random bits by the word.

TensorFlow leaves the choice of its generator to XLA, whose own takes 330 ns a number on a CPU:
60 times what Philox takes, which is the generator of TensorFlow's own kernels. So it is named here.
"""

import math

import keras
from keras import ops

DIGITS = 16


def draw_uniform(shape, seed_generator, dtype="float32"):
    """Numbers in [0, 1)."""
    if keras.backend.backend() != "tensorflow":
        return keras.random.uniform(shape, dtype=dtype, seed=seed_generator)
    import tensorflow as tf

    seed = _tensorflow_seed(seed_generator)
    return tf.random.stateless_uniform(shape, seed, dtype=dtype, alg="philox")


def draw_normal(shape, seed_generator, dtype="float32"):
    """Numbers of mean 0 and deviation 1."""
    if keras.backend.backend() != "tensorflow":
        return keras.random.normal(shape, dtype=dtype, seed=seed_generator)
    import tensorflow as tf

    seed = _tensorflow_seed(seed_generator)
    return tf.random.stateless_normal(shape, seed, dtype=dtype, alg="philox")


def draw_bits(shape, share, seed_generator):
    """Bytes each bit of which is 1 with probability `share`, independently of all others.

    The probability is `share` rounded to a multiple of 2^-16. A share of 1/2 takes one random bit
    a bit, one of k binary digits takes k: from the last digit to the first, a fresh word is joined
    by `or` where the digit is 1, which makes (1 + p) / 2 of p, and by `and` where it is 0: p / 2.

    Args:
        shape: Tuple; its first number may be a tensor.
        share: float in [0, 1].
        seed_generator: `keras.random.SeedGenerator`.

    Returns:
        uint8 tensor.
    """
    digits = f"{round(share * 2**DIGITS):0{DIGITS + 1}b}"
    if digits[0] == "1" or "1" not in digits:
        return ops.full(shape, 255 * int(digits[0]), dtype="uint8")
    draw, to_bytes = _WORDS[keras.backend.backend()]
    words = None
    for digit in reversed(digits[1:].rstrip("0")):
        fresh = draw(math.prod(shape), seed_generator)
        if words is None:
            words = fresh
        else:
            words = words | fresh if digit == "1" else words & fresh
    return ops.reshape(to_bytes(words)[: math.prod(shape)], shape)


def _tensorflow_seed(seed_generator):
    """The next state, as 32-bit numbers: XLA takes no others for a seed."""
    import tensorflow as tf

    return tf.cast(tf.math.floormod(seed_generator.next(), tf.int32.max - 1), tf.int32)


def _tensorflow_words(size, seed_generator):
    import tensorflow as tf

    seed = _tensorflow_seed(seed_generator)
    return tf.random.stateless_uniform(
        [(size + 3) // 4], seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
    )


def _tensorflow_bytes(words):
    import tensorflow as tf

    return tf.reshape(tf.bitcast(words, tf.uint8), [-1])


def _jax_words(size, seed_generator):
    import jax

    # Of the two forms of Threefry the one that uses both words of a block, not their sum.
    with jax.threefry_partitionable(False):
        return jax.random.bits(seed_generator.next(), ((size + 3) // 4,), "uint32")


def _jax_bytes(words):
    import jax

    return jax.lax.bitcast_convert_type(words, "uint8").reshape(-1)


def _torch_words(size, seed_generator):
    import torch

    device = ops.zeros(()).device
    words = torch.empty((size + 7) // 8, dtype=torch.int64, device=device)
    if device.type == "meta":
        return words
    return words.random_(-(2**63), None, generator=_torch_generator(seed_generator, device))


def _torch_bytes(words):
    import torch

    return words.view(torch.uint8)


def _torch_generator(seed_generator, device):
    import torch

    @torch.compiler.disable
    def make():
        seed, count = (int(value) for value in seed_generator.next())
        # Spread, so that the draws of a seed are not those of the next seed one call before.
        return torch.Generator(device).manual_seed((seed * 0x9E3779B97F4A7C15 + count) % 2**63)

    return make()


_WORDS = {
    "tensorflow": (_tensorflow_words, _tensorflow_bytes),
    "jax": (_jax_words, _jax_bytes),
    "torch": (_torch_words, _torch_bytes),
}
