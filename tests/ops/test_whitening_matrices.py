"""zca_whitening and newton_whitening against NumPy, and their gradients against differences."""

import keras
import numpy as np
import pytest

from kerasrecipes.ops import newton_whitening, zca_whitening
from tests.gradients import gradient_of

FLOAT64 = keras.backend.backend() == "tensorflow"
DTYPE = "float64" if FLOAT64 else "float32"
EXACT = 1e-9 if FLOAT64 else 2e-5


def tensor(array):
    return keras.ops.convert_to_tensor(array, dtype=DTYPE)


def numpy_root(covariance):
    values, vectors = np.linalg.eigh(covariance)
    return (vectors / np.sqrt(values)[..., None, :]) @ np.swapaxes(vectors, -1, -2)


def daleckii_krein(covariance, upstream):
    """The gradient by looping over pairs of eigenvalues, in float64."""
    values, vectors = np.linalg.eigh(covariance)
    rotated = vectors.T @ ((upstream + upstream.T) / 2) @ vectors
    inner = np.zeros_like(rotated)
    for i, a in enumerate(np.sqrt(values)):
        for j, b in enumerate(np.sqrt(values)):
            inner[i, j] = -rotated[i, j] / (a * b * (a + b))
    return vectors @ inner @ vectors.T


def covariances(*shape, seed=0):
    a = np.random.default_rng(seed).normal(size=(*shape[:-1], 2 * shape[-1]))
    return a @ np.swapaxes(a, -1, -2) / a.shape[-1]


@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (2, 3, 4, 4), (0, 3, 3)])
def test_zca_is_the_inverse_root(shape):
    covariance = covariances(*shape)
    ours = keras.ops.convert_to_numpy(zca_whitening(tensor(covariance)))
    np.testing.assert_allclose(ours, numpy_root(covariance), rtol=EXACT, atol=EXACT)


@pytest.mark.parametrize("iterations", [1, 5, 10])
def test_newton_follows_the_papers_loop(iterations):
    covariance = covariances(3, 4, 4)
    ours = keras.ops.convert_to_numpy(newton_whitening(tensor(covariance), iterations))
    for one, result in zip(covariance, ours):
        p = np.eye(4)
        for _ in range(iterations):
            p = (3 * p - np.linalg.matrix_power(p, 3) @ one / np.trace(one)) / 2
        np.testing.assert_allclose(result, p / np.sqrt(np.trace(one)), rtol=EXACT, atol=EXACT)


def rotated(values, seed=3):
    basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(values),) * 2))[0]
    return (basis * values) @ basis.T


SPECTRA = {
    "apart": [0.3, 1.0, 2.0, 5.0],
    "repeated": [0.5, 2.0, 2.0, 2.0],
    "all equal": [1.5, 1.5, 1.5, 1.5],
    "close by 1e-9": [0.5, 2.0, 2.0 + 1e-9, 3.0],
}


@pytest.mark.parametrize("values", SPECTRA.values(), ids=SPECTRA.keys())
def test_zca_gradient_also_where_eigenvalues_repeat(values):
    covariance = rotated(np.array(values)) if values != SPECTRA["all equal"] else 1.5 * np.eye(4)
    upstream = np.random.default_rng(1).normal(size=(4, 4))
    ours = gradient_of(zca_whitening, tensor(covariance), upstream)
    expected = daleckii_krein(covariance, upstream)
    np.testing.assert_allclose(ours, expected, rtol=EXACT, atol=EXACT)
    step = 1e-5
    for i, j in [(0, 0), (1, 2), (3, 0)]:
        nudge = np.zeros((4, 4))
        nudge[i, j] = nudge[j, i] = step
        difference = numpy_root(covariance + nudge) - numpy_root(covariance - nudge)
        slope = (difference * upstream).sum() / (2 * step)
        along = ours[i, j] if i == j else ours[i, j] + ours[j, i]
        np.testing.assert_allclose(along, slope, rtol=1e-4, atol=1e-4)


def test_newton_gradient_against_differences():
    covariance, upstream = covariances(3, 3), np.random.default_rng(1).normal(size=(3, 3))
    ours = gradient_of(newton_whitening, tensor(covariance), upstream)
    step = 1e-5 if FLOAT64 else 1e-2
    for i in range(3):
        for j in range(3):
            nudge = np.zeros((3, 3))
            nudge[i, j] = step
            above, below = (
                keras.ops.convert_to_numpy(newton_whitening(tensor(covariance + sign * nudge)))
                for sign in (1, -1)
            )
            slope = ((above - below) * upstream).sum() / (2 * step)
            np.testing.assert_allclose(ours[i, j], slope, rtol=1e-5 if FLOAT64 else 2e-2, atol=1e-2)


def test_only_the_symmetric_part_counts():
    covariance, skew = covariances(4, 4), np.triu(np.ones((4, 4)), 1)
    ours = keras.ops.convert_to_numpy(zca_whitening(tensor(covariance + skew - skew.T)))
    np.testing.assert_allclose(ours, numpy_root(covariance), rtol=EXACT, atol=EXACT)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_decomposed_in_float32(dtype):
    covariance = keras.ops.cast(tensor(covariances(4, 4)), dtype)
    for function in (zca_whitening, newton_whitening):
        ours = function(covariance)
        assert keras.backend.standardize_dtype(ours.dtype) == dtype
        wide = function(keras.ops.cast(covariance, "float32"))
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(keras.ops.cast(ours, "float32")),
            keras.ops.convert_to_numpy(wide),
            rtol=1e-2,
        )


def test_no_matrix_raises_or_gives_nan_but_one_that_is_not_finite():
    batch = np.stack([np.eye(3), np.full((3, 3), np.nan), np.zeros((3, 3)), np.ones((3, 3))])
    batch[1, 0, 0] = np.inf
    ours = keras.ops.convert_to_numpy(zca_whitening(tensor(batch)))
    assert np.isfinite(ours[[0, 2, 3]]).all() and np.isnan(ours[1]).all()
    raised = keras.ops.convert_to_numpy(zca_whitening(tensor(np.diag([4.0, -1.0])), smallest=1.0))
    np.testing.assert_allclose(raised, np.diag([0.5, 1.0]), rtol=1e-6)


@pytest.mark.parametrize("iterations, error", [(0, ValueError), (11, ValueError), (2.0, TypeError)])
def test_bad_iterations(iterations, error):
    with pytest.raises(error, match=r"`iterations` must be.*\[1, 10\].*Received"):
        newton_whitening(np.eye(2), iterations)
