"""PixelScaling against NumPy: means, deviations, the order of channels, dtypes."""

import keras
import numpy as np
import pytest

from kerasrecipes.layers import PixelScaling


@pytest.mark.parametrize("shape", [(2, 5, 4, 3), (2, 3), (1, 2, 3, 4, 3)])
@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32"])
@pytest.mark.parametrize("reverse", [False, True])
def test_equals_numpy(shape, dtype, reverse):
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
    mean, std = (100.0, 120.0, 140.0), (50.0, 60.0, 70.0)
    layer = PixelScaling(mean, std, reverse_channels=reverse)
    ordered = pixels.astype("float64")[..., ::-1] if reverse else pixels.astype("float64")
    expected = (ordered - np.array(mean)) / np.array(std)
    result = keras.ops.convert_to_numpy(layer(pixels))
    assert result.dtype == "float32"
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-6)


def test_the_default_only_casts():
    pixels = np.arange(12, dtype="uint8").reshape(1, 2, 2, 3)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(PixelScaling()(pixels)), pixels)


def test_half_precision_rounds_the_result_alone():
    pixels = np.full((1, 1, 1, 3), 2000.7, "float32")
    layer = PixelScaling(mean=2000.0, dtype="mixed_float16")
    result = layer(pixels)
    assert keras.backend.standardize_dtype(result.dtype) == "float16"
    np.testing.assert_allclose(keras.ops.convert_to_numpy(result), 0.7, atol=1e-3)


@pytest.mark.parametrize(
    "arguments, error, match",
    [
        ({"std": 0}, ValueError, r"`std` must be in \(0, inf\).*Received"),
        ({"std": (1.0, -1.0, 1.0)}, ValueError, "`std`.*Received"),
        ({"mean": "zero"}, TypeError, "`mean`.*Received"),
        ({"mean": float("nan")}, ValueError, "`mean`.*Received"),
        ({"reverse_channels": 1}, TypeError, "`reverse_channels`.*Received"),
    ],
)
def test_bad_options(arguments, error, match):
    with pytest.raises(error, match=match):
        PixelScaling(**arguments)


def test_bad_input():
    with pytest.raises(ValueError, match="each of the 3 channels.*Received"):
        PixelScaling(mean=(1.0, 2.0))(np.zeros((1, 2, 2, 3), "uint8"))
