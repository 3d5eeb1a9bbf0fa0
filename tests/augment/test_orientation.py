"""EXIF orientation: every crop sees the image that Pillow's `exif_transpose` gives."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from kerasrecipes import augment
from kerasrecipes._backend.exif_orientation import png_orientation
from kerasrecipes.augment import decode
from tests.augment.oracles import bilinear_window, drawn_photo, jpeg
from tests.data.drawn_images import encoded

PHOTO = drawn_photo(90, 120)
CROPS = [
    augment.CenterCrop(48),
    augment.CenterCrop(48, channels=1),
    augment.TenCrop(48),
    augment.RandomScaleCrop(48, exact=True),
    augment.RandomResizedCrop(48, exact=True),
]


def turned(orientation, image=PHOTO, **options):
    exif = Image.Exif()
    exif[271] = "a camera"
    exif[274] = orientation
    return jpeg(image, exif=exif, subsampling=0, **options)


def upright(data):
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_decoded_image_is_that_of_pillow(orientation):
    data = turned(orientation)
    assert int(decode.orientation(data)) == orientation
    expected = upright(data)
    np.testing.assert_allclose(augment.DecodeImage()(data), expected, atol=2)
    assert tuple(decode.jpeg_size(data).numpy()) == expected.shape[:2]


@pytest.mark.parametrize("orientation", [3, 5, 6])
@pytest.mark.parametrize("crop", CROPS, ids=repr)
def test_every_crop_of_bytes_is_that_of_the_upright_pixels(orientation, crop):
    data = turned(orientation)
    seeded = tf.function(lambda image: crop(image, (3, 5)))
    pixels = augment.DecodeImage(getattr(crop, "channels", None) or 3)(data)
    np.testing.assert_allclose(seeded(tf.constant(data)), seeded(pixels), atol=0.05)


def test_a_center_crop_is_that_of_pillows_upright_pixels():
    data = turned(6)
    expected = bilinear_window(upright(data), (85, 64), (10, 0), (64, 64))
    np.testing.assert_allclose(augment.CenterCrop(64, 64)(data), expected, atol=2)


@pytest.mark.parametrize(("side", "orientation"), [(250, 6), (500, 3), (2000, 6)])
def test_jpegs_decoded_at_a_fraction_are_turned_too(side, orientation):
    rows, columns = np.mgrid[0:side, 0:side] / side
    smooth = np.stack([rows, columns, (rows + columns) / 2], -1) * 255
    data = turned(orientation, smooth.astype("uint8"))
    for make in (augment.RandomScaleCrop, augment.RandomResizedCrop):
        default, exact = make(48)(data, 1), make(48, exact=True)(data, 1)
        assert np.abs(default - exact).max() < 6


def segments(*between):
    """The photo with orientation 8 behind other segments."""
    data = turned(8)
    start = data.index(b"Exif") - 4
    length = 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    exif, rest = data[start : start + length], data[start + length :]
    return b"\xff\xd8" + b"".join(between) + exif + rest


@pytest.mark.parametrize(
    "data",
    [
        segments(),
        segments(b"\xff\xe0\x00\x10JFIF" + bytes(10)),
        segments(b"\xff\xe2\x01\x00" + bytes(254), b"\xff\xfe\x00\x06note"),
        segments(b"\xff\xe1\x00\x20http://ns.adobe.com/xap/1.0/" + bytes(2)),
    ],
)
def test_exif_is_found_behind_other_segments(data):
    assert int(decode.orientation(data)) == 8
    assert Image.open(io.BytesIO(data)).getexif()[274] == 8


def test_damaged_exif_is_upright_and_never_an_error():
    data = turned(6)
    start = data.index(b"Exif")
    random = np.random.default_rng(0)
    for _ in range(40):
        spoiled = bytearray(data)
        for place in random.integers(start + 6, start + 40, 6):
            spoiled[place] = random.integers(256)
        assert 1 <= int(decode.orientation(bytes(spoiled))) <= 8
    for length in (start + 5, start + 12, start + 30):
        assert 1 <= int(decode.orientation(data[:length])) <= 8
    exif = Image.Exif()
    exif[274] = 9
    assert int(decode.orientation(jpeg(PHOTO, exif=exif))) == 1
    assert int(decode.orientation(jpeg(PHOTO))) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_png_is_turned_as_pillow_turns_it(orientation):
    exif = Image.Exif()
    exif[274] = orientation
    data = encoded(Image.fromarray(PHOTO), "PNG", exif=exif, dpi=(72, 72))
    np.testing.assert_array_equal(augment.DecodeImage()(data), upright(data))
    crop = augment.CenterCrop(48)
    np.testing.assert_allclose(crop(data), crop(upright(data)), atol=1e-3)


def test_a_png_with_damaged_chunks_is_read_to_its_end_at_most():
    exif = Image.Exif()
    exif[274] = 6
    data = encoded(Image.fromarray(PHOTO[:8, :8]), "PNG", exif=exif)
    assert int(png_orientation(tf.constant(data))) == 6
    for length in range(8, len(data), 7):
        assert 1 <= int(png_orientation(tf.constant(data[:length]))) <= 8
    endless = data[:8] + b"\xff\xff\xff\xffabcd" * 50
    assert int(png_orientation(tf.constant(endless))) == 1
