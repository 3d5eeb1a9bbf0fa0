"""One decoder: every format, mode and number of channels against Pillow."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasrecipes import augment
from tests.data.drawn_images import draw, encoded

LOSSLESS = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA"),
    "BMP": ("L", "P", "RGB", "RGBA"),
    "GIF": ("1", "L", "P", "RGB"),
    "WEBP": ("L", "P", "RGB", "RGBA"),
    "JPEG": ("L", "RGB", "CMYK"),
}
TABLE = [(kind, mode) for kind, modes in LOSSLESS.items() for mode in modes]
DECODE = {channels: tf.function(augment.DecodeImage(channels)) for channels in (1, 3)}


def file_of(kind, mode):
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95, "subsampling": 0}}
    return encoded(draw(1, mode=mode), kind, **options.get(kind, {}))


@pytest.mark.parametrize("channels", [3, 1])
@pytest.mark.parametrize(("kind", "mode"), TABLE)
def test_pixels_are_those_of_pillow(kind, mode, channels):
    data = file_of(kind, mode)
    colour = Image.open(io.BytesIO(data)).convert("RGB")
    expected = np.asarray(colour if channels == 3 else colour.convert("L"))
    expected = np.float32(expected.reshape(*expected.shape[:2], channels))
    tolerance = (4.0 if channels == 1 else 2.0) if kind == "JPEG" else float(channels == 1)
    decoded = DECODE[channels](tf.constant(data))
    assert decoded.dtype == tf.uint8 and decoded.shape == expected.shape
    np.testing.assert_allclose(np.float32(decoded), expected, atol=tolerance)
    crop = augment.CenterCrop(30, 30, channels=channels)(data)
    np.testing.assert_allclose(crop, expected[:, 5:35], atol=tolerance + 1e-3)


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_the_first_frame_of_what_moves(kind):
    data = encoded(draw(1), kind, save_all=True, append_images=[draw(2)])
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_array_equal(DECODE[3](tf.constant(data)), expected)


@pytest.mark.parametrize(
    "data",
    [
        encoded(draw(1, mode="1"), "BMP"),
        encoded(draw(1), "WEBP", save_all=True, append_images=[draw(2)], lossless=True),
        encoded(draw(1), "TIFF"),
        encoded(draw(1, mode="P"), "BMP")[:60],
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_what_tensorflow_does_not_decode_is_an_error_and_never_wrong_pixels(data, channels):
    with pytest.raises(tf.errors.InvalidArgumentError):
        DECODE[channels](tf.constant(data))
