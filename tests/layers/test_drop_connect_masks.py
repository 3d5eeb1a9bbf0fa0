"""The bits of masks, how frequent and how independent they are, and products through them."""

import functools

import keras
import numpy as np
import pytest

from kerasrecipes._backend.masked_product import masked_product
from kerasrecipes._backend.random_draws import draw_bits, draw_normal, draw_uniform
from kerasrecipes.layers import DropConnectDense
from tests.gradients import gradient_of

BACKEND = keras.backend.backend()
WIDE, TOLERANCE = ("float64", 1e-12) if BACKEND == "tensorflow" else ("float32", 1e-5)


def to_numpy(x):
    return keras.ops.convert_to_numpy(x)


def bits_of(masks):
    """Masks of `(groups, inputs, units)` bytes as `(8 * groups, inputs, units)` zeros and ones."""
    lanes = np.unpackbits(to_numpy(masks)[:, None], axis=1, bitorder="little")
    return lanes.reshape(-1, *masks.shape[1:])


@pytest.mark.parametrize("share", [0.5, 0.25, 0.7, 1 / 3, 0.999, 2**-16])
def test_bits_are_as_frequent_as_stated_and_independent(share):
    bits = bits_of(draw_bits((250, 40, 50), share, keras.random.SeedGenerator(0))).astype(float)
    deviation = np.sqrt(share * (1 - share))
    assert abs(bits.mean() - share) < 5 * deviation / np.sqrt(bits.size) + 2**-17
    centered = bits - bits.mean()
    for axis in range(3):  # neighbours in the batch, along the inputs, along the units
        left, right = (np.delete(centered, end, axis) for end in (0, -1))
        assert abs((left * right).mean()) < 5 * deviation**2 / np.sqrt(left.size)


def test_shares_that_round_to_none_or_all():
    generator = keras.random.SeedGenerator(0)
    assert (bits_of(draw_bits((1, 3, 5), 1 - 2**-20, generator)) == 1).all()
    assert (bits_of(draw_bits((1, 3, 5), 2**-20, generator)) == 0).all()


def test_every_draw_is_another():
    generator = keras.random.SeedGenerator(0)
    first, second = (bits_of(draw_bits((1, 30, 50), 0.5, generator)) for _ in range(2))
    again = bits_of(draw_bits((1, 30, 50), 0.5, keras.random.SeedGenerator(0)))
    np.testing.assert_array_equal(first, again)
    assert abs((first == second).mean() - 0.5) < 0.03


def test_products_and_their_gradients():
    rng = np.random.default_rng(0)
    masks = rng.integers(0, 256, (3, 5, 7)).astype("uint8")
    x, kernel, upstream = (rng.normal(size=s).astype(WIDE) for s in ((24, 5), (5, 7), (24, 7)))
    masked = bits_of(masks) * kernel
    tensors = [keras.ops.convert_to_tensor(value) for value in (x, kernel, masks)]
    y = to_numpy(masked_product(*tensors))
    np.testing.assert_allclose(y, np.einsum("ni,nij->nj", x, masked), atol=TOLERANCE)
    found = gradient_of(lambda x: masked_product(x, *tensors[1:]), tensors[0], upstream)
    np.testing.assert_allclose(found, np.einsum("nj,nij->ni", upstream, masked), atol=TOLERANCE)
    found = gradient_of(
        lambda kernel: masked_product(tensors[0], kernel, tensors[2]), tensors[1], upstream
    )
    expected = np.einsum("ni,nj,nij->ij", x, upstream, bits_of(masks))
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)


@pytest.mark.parametrize("samples", [1, 7, 8, 9])
def test_a_batch_need_not_be_a_multiple_of_eight(samples):
    layer = DropConnectDense(50, kernel_initializer="ones", use_bias=False, rate=0.3, seed=0)
    y = to_numpy(layer(np.eye(samples, 20, dtype="float32"), training=True))
    assert y.shape == (samples, 50)
    assert set(np.unique(y)) == {0, 1} and len(np.unique(y, axis=0)) == samples


@pytest.mark.skipif(BACKEND != "tensorflow", reason="where XLA has a generator of its own")
def test_jitted_and_not_draw_the_same_masks():
    import tensorflow as tf

    x, results = np.ones((9, 20), "float32"), []
    for jit in (False, True):
        keras.utils.set_random_seed(0)
        layer = DropConnectDense(6, seed=3)
        layer.build((None, 20))
        call = tf.function(functools.partial(layer, training=True), jit_compile=jit)
        results.append(call(x).numpy())
    np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-6)


def test_uniform_and_normal_draws():
    generator = keras.random.SeedGenerator(0)
    uniform = to_numpy(draw_uniform((40_000,), generator))
    assert uniform.min() >= 0 and uniform.max() < 1 and abs(uniform.mean() - 0.5) < 0.008
    normal = to_numpy(draw_normal((40_000,), generator))
    assert abs(normal.mean()) < 0.025 and abs(normal.std() - 1) < 0.02
