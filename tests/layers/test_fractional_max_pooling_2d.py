"""FractionalMaxPooling2D: sizes, regions, draws, and PyTorch's outputs for the same draws."""

import math

import keras
import numpy as np
import pytest

from kerasrecipes.layers import FractionalMaxPooling2D
from kerasrecipes.layers.fractional_max_pooling_2d import shuffled_increments
from kerasrecipes.ops import fractional_max_pool

BACKEND = keras.backend.backend()


def to_numpy(x):
    return keras.ops.convert_to_numpy(x)


def coordinates(samples, size):
    """Images whose pixels say where they are: row · size + column, the same in two channels."""
    image = np.arange(size * size, dtype="float32").reshape(1, size, size, 1)
    return np.tile(image, (samples, 1, 1, 2))


def regions(y, size):
    """Last row and last column of each sample's windows, from pooled `coordinates`."""
    return y[:, :, 0, 0] // size, y[:, 0, :, 0] % size


@pytest.mark.parametrize("ratio", [1.05, 1.25, 1.414, 1.6, 2])
def test_the_size_of_the_output(ratio):
    layer = FractionalMaxPooling2D(ratio)
    for size in range(2, 65):
        expected = max(math.floor(size / ratio), math.ceil(size / 2))
        shape = (None, size, None, 3)
        assert layer.compute_output_shape(shape) == (None, expected, None, 3)


@pytest.mark.parametrize("overlapping", [True, False])
@pytest.mark.parametrize("pseudo_random", [True, False])
@pytest.mark.parametrize("ratio, size", [(1.414, 23), (2, 9), (1.05, 8), (1.6, 3), (1.9, 2)])
def test_regions_cover_the_image_in_increments_of_one_and_two(
    ratio, size, pseudo_random, overlapping
):
    layer = FractionalMaxPooling2D(ratio, pseudo_random, overlapping, seed=0)
    x = coordinates(50, size)
    y = to_numpy(layer(x, training=True))
    np.testing.assert_array_equal(y[..., 0], y[..., 1])  # channels share the regions
    for ends in regions(y, size):
        first = {1} if overlapping else {0, 1}
        assert set(ends[:, 0].tolist()) <= first and (ends[:, -1] == size - 1).all()
        assert set(np.diff(ends).ravel().tolist()) <= {1, 2}
    if size == 23:
        rows, columns = regions(y, size)
        assert len(np.unique(rows, axis=0)) > 2, "samples share their regions"
        assert (rows != columns).any(), "rows and columns share their regions"


def test_shuffled_increments():
    keys = np.array([[0.3, 0.1, 0.9, 0.2], [0.1, 0.2, 0.3, 0.4]], "float32")
    found = to_numpy(shuffled_increments(keras.ops.convert_to_tensor(keys), 1))
    # The order of the keys is (1, 3, 0, 2) and (0, 1, 2, 3): the 0 in it is the increment of 2.
    np.testing.assert_array_equal(found, [[0, 1, 2, 4, 5], [0, 2, 3, 4, 5]])


def test_shuffled_regions_are_uniform():
    layer = FractionalMaxPooling2D(1.5, pseudo_random=False, overlapping=False, seed=0)
    y = to_numpy(layer(coordinates(600, 6), training=True))
    ends, counts = np.unique(regions(y, 6)[0], axis=0, return_counts=True)
    assert len(ends) == 6  # two increments of 2 among four
    assert (np.abs(counts - 100) < 40).all()


@pytest.mark.parametrize("overlapping", [True, False])
def test_inference_uses_fixed_regions(overlapping):
    x = np.random.default_rng(0).normal(size=(2, 13, 10, 3)).astype("float32")
    if overlapping:
        rows, columns = (
            [round(i * alpha) for i in range(n)] for n, alpha in ((9, 11 / 8), (7, 8 / 6))
        )
    else:
        rows, columns = (
            [round(i * alpha) for i in range(n)] for n, alpha in ((10, 13 / 9), (8, 10 / 7))
        )
    window = 2 if overlapping else None
    expected = to_numpy(fractional_max_pool(x, np.array(rows), np.array(columns), window))
    for pseudo_random in (True, False):
        layer = FractionalMaxPooling2D(1.414, pseudo_random, overlapping)
        np.testing.assert_array_equal(to_numpy(layer(x)), expected)


def test_a_seed_repeats_the_sequence_and_each_step_differs():
    x = np.random.default_rng(0).normal(size=(4, 20, 20, 2)).astype("float32")
    one, other = (FractionalMaxPooling2D(seed=7) for _ in range(2))
    steps = [to_numpy(one(x, training=True)) for _ in range(4)]
    for step in steps:
        np.testing.assert_array_equal(to_numpy(other(x, training=True)), step)
    assert all(not np.array_equal(steps[0], step) for step in steps[1:])


def test_channels_first_is_the_transpose():
    x = np.random.default_rng(0).normal(size=(3, 9, 7, 2)).astype("float32")
    last = FractionalMaxPooling2D(seed=1, data_format="channels_last")
    first = FractionalMaxPooling2D(seed=1, data_format="channels_first")
    y = to_numpy(first(x.transpose(0, 3, 1, 2), training=True))
    np.testing.assert_array_equal(y.transpose(0, 2, 3, 1), to_numpy(last(x, training=True)))
    assert first.compute_output_shape((None, 2, 9, 7)) == (None, 2, *y.shape[2:])


@pytest.mark.skipif(BACKEND != "tensorflow", reason="only its graphs have unknown shapes")
@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("pseudo_random", [True, False])
def test_an_unknown_batch_size(pseudo_random, jit):
    import tensorflow as tf

    layer = FractionalMaxPooling2D(pseudo_random=pseudo_random, seed=0, dtype="float16")

    @tf.function(input_signature=[tf.TensorSpec((None, 9, 8, 2), "float16")], jit_compile=jit)
    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
        return y, tape.gradient(y, x)

    for samples in (1, 5):
        y, gradient = step(np.random.default_rng(0).normal(size=(samples, 9, 8, 2)))
        assert y.shape == (samples, 6, 5, 2)
        assert gradient.numpy().sum() == y.numpy().size  # one for each window


@pytest.mark.skipif(BACKEND != "tensorflow", reason="only its graphs have unknown shapes")
def test_an_unknown_height_in_a_graph_is_refused():
    import tensorflow as tf

    step = tf.function(FractionalMaxPooling2D(), input_signature=[tf.TensorSpec((1, None, 8, 2))])
    with pytest.raises(ValueError, match="height and width"):
        step.get_concrete_function()


@pytest.mark.parametrize("overlapping, size", [(True, 1), (False, 0)])
def test_an_image_too_small_is_refused(overlapping, size):
    with pytest.raises(ValueError, match="at least"):
        FractionalMaxPooling2D(overlapping=overlapping).build((None, 5, size, 3))


@pytest.mark.parametrize("data_format", [None, "channels_first"])
def test_the_data_format_is_stored_as_given(data_format):
    assert (
        FractionalMaxPooling2D(data_format=data_format).get_config()["data_format"] == data_format
    )
