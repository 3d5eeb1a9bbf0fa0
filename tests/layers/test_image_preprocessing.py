"""ImagePreprocessing against Pillow's and OpenCV-free NumPy resampling."""

import keras
import numpy as np
import pytest

import kerasrecipes
from kerasrecipes.layers import ImagePreprocessing


def triangle_weights(size_in, size_out):
    """The rows of a bilinear, antialiased, half-pixel resampling, in float64."""
    scale = size_in / size_out
    support = max(scale, 1.0)
    rows = np.zeros((size_out, size_in))
    for i in range(size_out):
        centre = (i + 0.5) * scale
        for j in range(size_in):
            rows[i, j] = max(0.0, 1.0 - abs(j + 0.5 - centre) / support)
    return rows / rows.sum(axis=1, keepdims=True)


def reference(image, size, resize, mean, std):
    height, width, _ = image.shape
    short = min(height, width)
    new_height, new_width = height * resize // short, width * resize // short
    rows, columns = triangle_weights(height, new_height), triangle_weights(width, new_width)
    resized = np.einsum("ih,hwc->iwc", rows, image.astype("float64"))
    resized = np.einsum("iwc,jw->ijc", resized, columns)
    top, left = int(round((new_height - size) / 2)), int(round((new_width - size) / 2))
    return (resized[top : top + size, left : left + size] - mean) / std


@pytest.mark.parametrize(
    "shape, size, resize",
    [
        ((28, 28, 1), 28, 32),
        ((50, 37, 3), 28, None),
        ((37, 50, 3), 28, 31),
        ((9, 200, 3), 16, 19),
        ((1, 1, 1), 4, 5),
        ((640, 480, 3), 56, 64),
        ((31, 31, 4), 8, 8),
    ],
)
def test_matches_a_float64_resampling(shape, size, resize):
    image = np.random.default_rng(0).integers(0, 256, shape).astype("uint8")
    mean, std = [100.0 + c for c in range(shape[-1])], [50.0 - c for c in range(shape[-1])]
    layer = ImagePreprocessing(size, resize, mean=mean, std=std)
    ours = keras.ops.convert_to_numpy(layer(image[None]))[0]
    short_side = round(size * 256 / 224) if resize is None else resize
    expected = reference(image, size, short_side, np.array(mean), np.array(std))
    np.testing.assert_allclose(ours, expected, atol=2e-4)


def test_inside_a_model_with_unknown_sizes_and_after_saving(tmp_path):
    inputs = keras.Input((None, None, 3), dtype="uint8")
    model = keras.Model(inputs, ImagePreprocessing(12, mean=120.0, std=60.0)(inputs))
    assert model.output_shape == (None, 12, 12, 3)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    rng = np.random.default_rng(1)
    for shape in [(2, 20, 31, 3), (3, 40, 13, 3)]:
        images = rng.integers(0, 256, shape).astype("uint8")
        np.testing.assert_array_equal(
            model.predict(images, verbose=0), loaded.predict(images, verbose=0)
        )


def test_statistics_are_float32_under_mixed_precision():
    image = np.random.default_rng(2).integers(0, 256, (1, 64, 64, 3)).astype("uint8")
    exact = keras.ops.convert_to_numpy(ImagePreprocessing(20, mean=127.0, std=64.0)(image))
    half = ImagePreprocessing(20, mean=127.0, std=64.0, dtype="mixed_float16")(image)
    assert keras.backend.standardize_dtype(half.dtype) == "float16"
    half = keras.ops.convert_to_numpy(half).astype("float32")
    np.testing.assert_allclose(half, exact, atol=2e-3)


@pytest.mark.parametrize(
    "arguments, error, match",
    [
        ({"size": 0}, ValueError, "`size`.*Received"),
        ({"size": 2.5}, TypeError, "`size`.*Received"),
        ({"size": 8, "resize": 7}, ValueError, r"`resize` must be in \[8, inf\).*Received"),
        ({"size": 8, "std": 0.0}, ValueError, "`std`.*Received"),
        ({"size": 8, "mean": "zero"}, TypeError, "`mean`.*Received"),
    ],
)
def test_bad_options(arguments, error, match):
    with pytest.raises(error, match=match):
        ImagePreprocessing(**arguments)


def test_bad_inputs():
    with pytest.raises(ValueError, match="rank 4"):
        ImagePreprocessing(8)(np.zeros((8, 8, 3), "float32"))
    with pytest.raises(ValueError, match="channels"):
        ImagePreprocessing(8, mean=[1.0, 2.0])(np.zeros((1, 8, 8, 3), "float32"))
    assert kerasrecipes.layers.ImagePreprocessing is ImagePreprocessing
