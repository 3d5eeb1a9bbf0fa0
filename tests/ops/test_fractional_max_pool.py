"""The windowed maximum against loops, PyTorch and finite differences."""

import keras
import numpy as np
import pytest

from kerasrecipes._backend import pooled_windows
from kerasrecipes.ops import fractional_boundaries, fractional_max_pool, fractional_starts
from tests.gradients import gradient_of

WIDE = "float64" if keras.backend.backend() == "tensorflow" else "float32"


def to_numpy(x):
    return keras.ops.convert_to_numpy(x)


def loop(x, row_starts, column_starts, row_ends, column_ends):
    """Maximum over [start, end) of rows and columns, sample by sample."""
    samples, _, _, channels = x.shape
    y = np.empty((samples, row_starts.shape[1], column_starts.shape[1], channels), x.dtype)
    for n, i, j in np.ndindex(y.shape[:3]):
        rows = slice(row_starts[n, i], row_ends[n, i])
        columns = slice(column_starts[n, j], column_ends[n, j])
        y[n, i, j] = x[n, rows, columns].max(axis=(0, 1))
    return y


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("window", [1, 2, 3])
def test_windows_equal_a_loop(window, data_format):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 9, 11, 4)).astype(WIDE)
    rows = np.sort(rng.integers(0, 10 - window, (3, 5)), axis=1)
    columns = np.sort(rng.integers(0, 12 - window, (3, 7)), axis=1)
    expected = loop(x, rows, columns, rows + window, columns + window)
    given = x if data_format == "channels_last" else x.transpose(0, 3, 1, 2)
    found = to_numpy(fractional_max_pool(given, rows, columns, window, data_format))
    found = found if data_format == "channels_last" else found.transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(found, expected)
    shared = to_numpy(fractional_max_pool(x, rows[0], columns[0], window))
    same = [np.repeat(starts[:1], 3, axis=0) for starts in (rows, columns)]
    np.testing.assert_array_equal(shared, loop(x, *same, same[0] + window, same[1] + window))


def test_disjoint_regions_equal_a_loop():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4, 10, 7, 3)).astype(WIDE)
    rows = to_numpy(fractional_boundaries(10, 7, rng.random(4)))
    columns = to_numpy(fractional_boundaries(7, 4, rng.random(4)))
    found = to_numpy(fractional_max_pool(x, rows, columns, window=None))
    expected = loop(x, rows[:, :-1], columns[:, :-1], rows[:, 1:], columns[:, 1:])
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("shape, size", [((3, 13, 10, 4), (9, 7)), ((2, 56, 31, 3), (39, 16))])
def test_equals_pytorch_for_the_same_draws(shape, size):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    x, u = rng.normal(size=shape), rng.random((shape[0], 2))
    per_channel = torch.tensor(np.repeat(u[:, None], shape[3], axis=1))
    expected = torch.nn.functional.fractional_max_pool2d(
        torch.tensor(x.transpose(0, 3, 1, 2)), 2, output_size=size, _random_samples=per_channel
    ).permute(0, 2, 3, 1)
    # PyTorch's samples are (width, height).
    rows = fractional_starts(shape[1], size[0], u[:, 1])
    columns = fractional_starts(shape[2], size[1], u[:, 0])
    found = to_numpy(fractional_max_pool(x.astype(WIDE), rows, columns, 2))
    np.testing.assert_array_equal(found, expected.numpy().astype(WIDE))


@pytest.mark.parametrize("window", [2, None])
def test_the_gradient_equals_finite_differences(window):
    x = np.random.default_rng(3).permutation(1 * 5 * 6 * 2).reshape(1, 5, 6, 2).astype("float32")
    place = fractional_starts if window else fractional_boundaries
    rows, columns = place(5, 3, 0.7), place(6, 4, 0.2)

    def pool(x):
        return fractional_max_pool(x, rows, columns, window)

    steps = 0.25 * np.eye(x.size, dtype="float32").reshape(-1, *x.shape[1:])
    change = (to_numpy(pool(x + steps)) - to_numpy(pool(x - steps))) / 0.5
    upstream = np.random.default_rng(1).normal(size=change[:1].shape)
    expected = (change * upstream).sum(axis=(1, 2, 3)).reshape(x.shape)
    found = gradient_of(pool, keras.ops.convert_to_tensor(x), upstream)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("window", [1, 2, 3])
def test_the_gradient_is_that_of_the_largest_element(window, data_format, monkeypatch):
    # On PyTorch two samples at a time, then the last of the five.
    monkeypatch.setattr(pooled_windows, "_CACHED", 2 * 6 * 7 * 3)
    rng = np.random.default_rng(4)
    x = rng.permutation(5 * 6 * 7 * 3).reshape(5, 6, 7, 3).astype("float32")
    rows = np.sort(rng.integers(0, 7 - window, (5, 4)), axis=1)  # some are the same window
    columns = np.sort(rng.integers(0, 8 - window, (5, 5)), axis=1)
    upstream = rng.normal(size=(5, 4, 5, 3))
    expected = np.zeros(x.shape)
    for n, i, j, c in np.ndindex(upstream.shape):
        corner = (
            slice(rows[n, i], rows[n, i] + window),
            slice(columns[n, j], columns[n, j] + window),
        )
        largest = x[n, *corner, c] == x[n, *corner, c].max()
        expected[n, *corner, c] += upstream[n, i, j, c] * largest

    def pool(x):
        return fractional_max_pool(x, rows, columns, window, data_format)

    order = (0, 1, 2, 3) if data_format == "channels_last" else (0, 3, 1, 2)
    given = keras.ops.convert_to_tensor(x.transpose(order))
    found = gradient_of(pool, given, upstream.transpose(order))
    np.testing.assert_allclose(found, expected.transpose(order), atol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int32"])
def test_other_types_and_infinities(dtype):
    x = np.arange(16.0).reshape(1, 4, 4, 1)
    y = fractional_max_pool(keras.ops.cast(x, dtype), np.array([0, 2]), np.array([0, 1]), 2)
    assert keras.backend.standardize_dtype(y.dtype) == dtype
    np.testing.assert_array_equal(
        to_numpy(keras.ops.cast(y, "float32"))[0, :, :, 0], [[5, 6], [13, 14]]
    )
    infinite = np.where(x == 5, np.inf, x).astype("float32")
    y = to_numpy(fractional_max_pool(infinite, np.array([0, 2]), np.array([0, 1]), 2))
    assert np.isinf(y[0, 0]).all() and (y[0, 1, :, 0] == [13, 14]).all()


def test_bad_arguments():
    x, starts = np.zeros((1, 4, 4, 1), "float32"), np.array([0, 1])
    with pytest.raises(ValueError, match="window=0"):
        fractional_max_pool(x, starts, starts, 0)
    with pytest.raises(ValueError, match="data_format='last'"):
        fractional_max_pool(x, starts, starts, 2, data_format="last")


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="PyTorch has a gradient of its own")
def test_a_second_derivative_raises_and_is_never_zero():
    import torch

    x = torch.randn(2, 5, 5, 1, requires_grad=True)
    y = fractional_max_pool(x, np.array([0, 1, 3]), np.array([0, 2, 3]))
    (gradient,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    with pytest.raises(NotImplementedError, match="second derivative"):
        (y.sum() + (gradient**2).sum()).backward()


def test_no_samples():
    starts = np.array([0, 1, 3])
    none = fractional_max_pool(np.zeros((0, 5, 5, 2), "float32"), starts, starts)
    assert tuple(none.shape) == (0, 3, 3, 2)
