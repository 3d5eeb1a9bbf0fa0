"""Maxout against a loop over units and pieces."""

import keras
import numpy as np
import pytest

from kerasrecipes.layers import Maxout

FLOAT64 = keras.backend.backend() == "tensorflow"
DTYPE = "float64" if FLOAT64 else "float32"
EXACT = {"rtol": 1e-9, "atol": 1e-9} if FLOAT64 else {"rtol": 1e-5, "atol": 1e-5}


def loop(x, kernel, bias):
    y = np.zeros((*x.shape[:-1], kernel.shape[1]))
    for unit in range(kernel.shape[1]):
        maps = [x @ kernel[:, unit, piece] + bias[unit, piece] for piece in range(kernel.shape[2])]
        y[..., unit] = np.max(maps, axis=0)
    return y


@pytest.mark.parametrize("pieces", [1, 2, 5])
@pytest.mark.parametrize("shape", [(6, 4), (2, 3, 4), (2, 3, 5, 4), (0, 4)])
@pytest.mark.parametrize("use_bias", [True, False])
def test_matches_the_loop(shape, pieces, use_bias):
    layer = Maxout(3, pieces, use_bias=use_bias, dtype=DTYPE)
    layer.build((None, *shape[1:]))
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(4, 3, pieces))
    bias = rng.normal(size=(3, pieces)) if use_bias else np.zeros((3, pieces))
    layer.set_weights([kernel, bias][: 1 + use_bias])
    x = rng.normal(size=shape)
    y = keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(x, dtype=DTYPE)))
    np.testing.assert_allclose(y, loop(x, kernel, bias), **EXACT)


def test_pieces_start_apart_and_at_the_initializers_scale():
    layer = Maxout(200, pieces=3, kernel_initializer="he_normal")
    layer.build((None, 50))
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    assert kernel.std() == pytest.approx(np.sqrt(2 / 50), rel=0.05)
    assert np.abs(np.corrcoef(kernel.reshape(-1, 3).T) - np.eye(3)).max() < 0.05


@pytest.mark.parametrize(
    "call, error, match",
    [
        (lambda: Maxout(0), ValueError, r"`units` must be in \[1, inf\)"),
        (lambda: Maxout(2, pieces=0), ValueError, r"`pieces` must be in \[1, inf\)"),
        (lambda: Maxout(2, pieces=1.5), TypeError, "`pieces` must be an integer"),
        (lambda: Maxout(2, use_bias=0), TypeError, "`use_bias` must be True or False"),
        (lambda: Maxout(2).build((4,)), ValueError, "`inputs` must be of rank 2"),
        (lambda: Maxout(2).build((4, None)), ValueError, "`inputs` must have a last axis of known"),
        (lambda: Maxout(2)(np.ones((2, 3), "int32")), TypeError, "`inputs` must be of a floating"),
    ],
)
def test_bad_arguments(call, error, match):
    with pytest.raises(error, match=match + "(.|\n)*Received"):
        call()
