"""Random draws that are as fast with XLA as without, and random bits in whole words.

By default XLA uses its own generator for TensorFlow, which takes 330 ns per number on a CPU: 60
times as long as Philox, the generator of TensorFlow's kernels. Philox is therefore requested
explicitly.

The replicas of a data-parallel run have the same seed state. The number of the replica is folded
into the seed, not into the state, so that its examples have draws of their own; the first replica
draws what a single device draws.
"""

import functools
import math
import weakref

import keras
from keras import ops

from kerasrecipes._backend.replicas import replica_number

DIGITS = 16
GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / the golden ratio: multiples of it lie far apart
OF_REPLICA = GOLDEN >> 33  # the same for the 31 bits of TensorFlow's seeds


def own_seed_generator(seed):
    """Return the seed generator of a layer of this package: its draws know replicas already."""
    generator = keras.random.SeedGenerator(seed)
    generator.knows_replicas = True
    return generator


def draw_uniform(shape, seed_generator, common=False):
    """Return uniform numbers in [0, 1); with `common`, the same ones on every replica."""
    backend = keras.backend.backend()
    if backend == "torch" and not common and replica_number() is not None:
        return _of_this_rank("rand", shape, seed_generator, "float32")
    if backend != "tensorflow":
        return keras.random.uniform(shape, dtype="float32", seed=seed_generator)
    import tensorflow as tf

    seed = _tensorflow_seed(seed_generator, common)
    return tf.random.stateless_uniform(shape, seed, alg="philox")


def draw_uniform_on_gpu(shape, seed_generator):
    """Return what `draw_uniform` does, on PyTorch: other numbers, without waiting for the GPU."""
    import torch

    device = _torch_device()
    generator = _torch_generator(seed_generator, device)
    return torch.rand(shape, generator=generator, device=device)


def draw_normal(shape, seed_generator, dtype="float32"):
    """Return normal numbers of mean 0 and standard deviation 1."""
    backend = keras.backend.backend()
    if backend == "torch" and replica_number() is not None:
        return _of_this_rank("randn", shape, seed_generator, dtype)
    if backend != "tensorflow":
        return keras.random.normal(shape, dtype=dtype, seed=seed_generator)
    import tensorflow as tf

    seed = _tensorflow_seed(seed_generator)
    return tf.random.stateless_normal(shape, seed, dtype=dtype, alg="philox")


def draw_order(count, seed_generator):
    """Return the int32 numbers 0 .. count - 1 in a random order."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        seed = _tensorflow_seed(seed_generator)
        keys = tf.random.stateless_uniform([count], seed, alg="philox")
        return tf.argsort(keys)
    if replica_number() is not None:
        return ops.argsort(draw_uniform((count,), seed_generator))
    return keras.random.shuffle(ops.arange(count, dtype="int32"), seed=seed_generator)


def draw_bits(shape, probability, seed_generator):
    """Return bytes of independent bits that are 1 with a probability.

    The probability is rounded to a multiple of 2^-16. A probability with k binary digits needs k
    random words. From the last digit to the first, a new word is combined by `or` if the digit is
    1, which turns the probability p into (1 + p) / 2, and by `and` if it is 0, which gives p / 2.

    Args:
        shape: Tuple; its first number may be a tensor.
        probability: float in [0, 1].
        seed_generator: `keras.random.SeedGenerator`.

    Returns:
        uint8 tensor.
    """
    digits = f"{round(probability * 2**DIGITS):0{DIGITS + 1}b}"
    if digits[0] == "1" or "1" not in digits:
        return ops.full(shape, 255 * int(digits[0]), dtype="uint8")
    draw, to_bytes = _WORDS[keras.backend.backend()]
    words = None
    needed = digits[1:].rstrip("0")
    if keras.backend.backend() == "torch" and _torch_device().type == "cuda":
        draws = torch_words_at_once(len(needed), math.prod(shape), seed_generator)
    else:
        draws = (draw(math.prod(shape), seed_generator) for _ in needed)
    for digit, fresh in zip(reversed(needed), draws):
        if words is None:
            words = fresh
        else:
            words = words | fresh if digit == "1" else words & fresh
    return to_bytes(words, shape)


def _tensorflow_seed(seed_generator, common=False):
    """Return the next state as 32-bit numbers: XLA accepts no others as a seed."""
    import tensorflow as tf

    state, replica = seed_generator.next(), None if common else replica_number()
    if replica is not None:
        # Added to the seed: at the count, replica 1 would draw what replica 0 draws a step later.
        state += tf.stack([OF_REPLICA * tf.cast(replica, state.dtype), 0])
    return tf.cast(tf.math.floormod(state, tf.int32.max - 1), tf.int32)


def _of_this_rank(function, shape, seed_generator, dtype):
    """Return draws of PyTorch for this process of several."""
    import torch

    device = _torch_device()
    options = {"generator": _torch_generator(seed_generator, device), "device": device}
    dtype = getattr(torch, keras.backend.standardize_dtype(dtype))
    return getattr(torch, function)(tuple(shape), dtype=dtype, **options)


def _tensorflow_words(size, seed_generator):
    import tensorflow as tf

    seed = _tensorflow_seed(seed_generator)
    return tf.random.stateless_uniform(
        [(size + 3) // 4], seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
    )


def _tensorflow_bytes(words, shape):
    import tensorflow as tf

    values = tf.reshape(tf.bitcast(words, tf.uint8), [-1])
    return tf.reshape(values[: math.prod(shape)], shape)


def _jax_words(size, seed_generator):
    import jax

    # This form of Threefry uses both words of a block; the other form uses their sum.
    with jax.threefry_partitionable(False):
        return jax.random.bits(seed_generator.next(), ((size + 3) // 4,), "uint32")


def _jax_bytes(words, shape):
    import jax

    values = jax.lax.bitcast_convert_type(words, "uint8").reshape(-1)
    return values[: math.prod(shape)].reshape(shape)


def _torch_words(size, seed_generator):
    import torch

    device = _torch_device()
    words = torch.empty((size + 7) // 8, dtype=torch.int64, device=device)
    if device.type == "meta":
        return words
    return words.random_(-(2**63), None, generator=_torch_generator(seed_generator, device))


def torch_words_at_once(count, size, seed_generator):
    """Return `count` arrays of random words by one kernel and one seed."""
    import torch

    device = _torch_device()
    words = torch.empty((count, (size + 7) // 8), dtype=torch.int64, device=device)
    return words.random_(-(2**63), None, generator=_torch_generator(seed_generator, device))


def _torch_bytes(words, shape):
    import torch

    return words.view(torch.uint8)[: math.prod(shape)].view(shape)


def _torch_generator(seed_generator, device):
    return _generator_maker()(seed_generator, device)


@functools.cache
def _generator_maker():
    import torch

    def make(seed_generator, device):
        seed, count = _torch_next(seed_generator)
        seed += OF_REPLICA * (replica_number() or 0)
        # Multiplied, so that seed s at call n + 1 does not equal seed s + 1 at call n.
        return torch.Generator(device).manual_seed((seed * GOLDEN + count) % 2**63)

    return torch.compiler.disable(make)


def _torch_device():
    return ops.zeros(()).device


# {seed generator: (tensor of its state, the tensor's version, the state)}
_known_states = weakref.WeakKeyDictionary()


def _torch_next(seed_generator):
    """Return what `seed_generator.next()` does as a list, without waiting for a GPU.

    The state is in the GPU's memory; to read it, the host would wait for all that it has started.
    But as long as nobody else wrote to the tensor, which its version tells, we know the state.
    """
    import torch

    tensor = seed_generator.state.value
    known = _known_states.get(seed_generator)
    if known is not None and known[0] is tensor and known[1] == tensor._version:
        seed, count = known[2]
    else:
        seed, count = tensor.tolist()
    step = torch.arange(2, dtype=tensor.dtype, device=tensor.device)  # (0, 1)
    seed_generator.state.assign(tensor + step)
    if seed_generator.state.value is tensor:  # else within a `StatelessScope`
        _known_states[seed_generator] = tensor, tensor._version, (seed, count + 1)
    return seed, count


_WORDS = {
    "tensorflow": (_tensorflow_words, _tensorflow_bytes),
    "jax": (_jax_words, _jax_bytes),
    "torch": (_torch_words, _torch_bytes),
}
