"""Regions of fractional pooling against exact fractions, for every legal pair of sizes up to 64."""

from fractions import Fraction
from math import floor

import keras
import numpy as np
import pytest

from kerasrecipes.ops import fractional_boundaries, fractional_starts

# Sums of few powers of two: their products with sizes are exact in float32 too.
SHIFTS = np.array([0, 1 / 256, 85 / 256, 0.5, 170 / 256, 255 / 256], "float32")
PAIRS = [(n, k) for n in range(1, 65) for k in range((n + 1) // 2, n + 1)]


def exact(total, parts, count, u):
    alpha = Fraction(total, parts)
    return [floor((i + Fraction(u)) * alpha) - floor(Fraction(u) * alpha) for i in range(count)]


def to_numpy(x):
    return keras.ops.convert_to_numpy(x)


@pytest.mark.parametrize("start", [0, 1, 2, 3], ids="a quarter of the pairs: {}".format)
def test_boundaries_are_exact_and_cover_everything(start):
    for size_in, size_out in PAIRS[start::4]:
        found = to_numpy(fractional_boundaries(size_in, size_out, SHIFTS))
        expected = [exact(size_in, size_out, size_out + 1, float(u)) for u in SHIFTS]
        np.testing.assert_array_equal(found, expected)
        assert (found[:, 0] == 0).all() and (found[:, -1] == size_in).all()
        assert set(np.diff(found).ravel().tolist()) <= {1, 2}


@pytest.mark.parametrize("start", [0, 1, 2, 3], ids="a quarter of the pairs: {}".format)
def test_starts_are_exact_and_their_windows_cover_everything(start):
    for size_in, size_out in PAIRS[start::4]:
        if size_in < 2:
            continue
        found = to_numpy(fractional_starts(size_in, size_out, SHIFTS))
        if size_out > 1:
            expected = [exact(size_in - 2, size_out - 1, size_out, float(u)) for u in SHIFTS]
            np.testing.assert_array_equal(found, expected)
        assert (found[:, 0] == 0).all() and (found[:, -1] == size_in - 2).all()
        assert set(np.diff(found).ravel().tolist()) <= ({0, 1} if size_in == size_out else {1, 2})


def test_the_end_is_exact_for_any_shift():
    u = np.random.default_rng(0).random(1000).astype("float32")
    for size_in, size_out in ((61, 43), (64, 33), (57, 56)):
        for shift in (u, keras.ops.convert_to_tensor(u)):
            assert (
                to_numpy(fractional_boundaries(size_in, size_out, shift))[:, -1] == size_in
            ).all()
            assert (
                to_numpy(fractional_starts(size_in, size_out, shift))[:, -1] == size_in - 2
            ).all()


def test_a_scalar_shift_gives_one_row():
    assert tuple(fractional_boundaries(7, 5, 0.3).shape) == (6,)
    assert tuple(fractional_starts(7, 5, keras.ops.convert_to_tensor(0.3)).shape) == (5,)


@pytest.mark.parametrize("function", [fractional_boundaries, fractional_starts])
@pytest.mark.parametrize(
    "size_in, size_out, error, words",
    [
        (7, 3, ValueError, "size_in=7, size_out=3"),
        (7, 8, ValueError, "size_in=7, size_out=8"),
        (0, 1, ValueError, "size_in=0"),
        (7.0, 5, TypeError, "size_in=7.0"),
        (7, True, TypeError, "size_out=True"),
    ],
)
def test_bad_sizes(function, size_in, size_out, error, words):
    with pytest.raises(error, match=words):
        function(size_in, size_out, 0.5)


def test_windows_need_two_pixels():
    with pytest.raises(ValueError, match="size_in=1"):
        fractional_starts(1, 1, 0.5)


@pytest.mark.parametrize("function", [fractional_boundaries, fractional_starts])
@pytest.mark.parametrize("u", [1.0, -0.1, float("nan"), 1, [0.5, 1.5], np.array([0.2, -1e-9])])
def test_bad_shifts(function, u):
    with pytest.raises(ValueError, match=r"`u` must be in \[0, 1\). Received: u="):
        function(7, 5, u)
