"""Image files of every mode as pixels, against Pillow."""

import os

import numpy as np
import pytest
from PIL import Image, ImageOps

from kerasrecipes import augment
from kerasrecipes.serving import read_image
from tests.data.drawn_images import draw, encoded

CASES = {
    "rgb.png": (draw(1), "PNG", {}),
    "grey.png": (draw(1, mode="L"), "PNG", {}),
    "alpha.png": (draw(1, mode="RGBA"), "PNG", {}),
    "palette.png": (draw(1, mode="P"), "PNG", {}),
    "bits.png": (draw(1, mode="1"), "PNG", {}),
    "photo.bmp": (draw(1), "BMP", {}),
    "photo.webp": (draw(1), "WEBP", {"lossless": True}),
    "photo.tiff": (draw(1), "TIFF", {}),
    "cmyk.tiff": (draw(1, mode="CMYK"), "TIFF", {}),
}


@pytest.mark.parametrize("name", CASES)
def test_lossless_files_are_what_pillow_reads(tmp_path, name):
    image, kind, options = CASES[name]
    (tmp_path / name).write_bytes(encoded(image, kind, **options))
    expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(read_image(tmp_path / name, 3), expected)
    grey = read_image(str(tmp_path / name), 1)
    assert grey.shape == (*expected.shape[:2], 1) and grey.dtype == np.uint8
    np.testing.assert_allclose(grey[..., 0], np.asarray(image.convert("L")).astype(int), atol=2)


def test_jpeg_is_decoded_as_in_training(tmp_path):
    contents = encoded(draw(2), "JPEG", quality=80)
    (tmp_path / "photo.txt").write_bytes(contents)  # the bytes decide, not the name
    expected = np.asarray(augment.DecodeImage(3)(contents))
    np.testing.assert_array_equal(read_image(tmp_path / "photo.txt", 3), expected)


def test_cmyk_jpeg_has_the_colours_it_was_made_of(tmp_path):
    image = Image.new("RGB", (16, 16), (200, 40, 90))
    (tmp_path / "a.jpg").write_bytes(encoded(image.convert("CMYK"), "JPEG", quality=95))
    np.testing.assert_allclose(read_image(tmp_path / "a.jpg", 3)[8, 8], (200, 40, 90), atol=4)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_keep_the_upper_eight(tmp_path, kind):
    values = np.arange(0, 65536, 257 * 4, dtype="uint16").reshape(8, 8)
    (tmp_path / "deep").write_bytes(encoded(Image.fromarray(values), kind))
    np.testing.assert_array_equal(read_image(tmp_path / "deep", 1)[..., 0], values >> 8)
    np.testing.assert_array_equal(read_image(tmp_path / "deep", 3)[..., 2], values >> 8)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", [3, 6])
def test_the_rotation_in_exif_is_applied_unless_ignored(tmp_path, kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    (tmp_path / "a").write_bytes(encoded(draw(1, (40, 30)), kind, exif=exif))
    with Image.open(tmp_path / "a") as image:
        stored = np.asarray(image.convert("RGB"))
        upright = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    np.testing.assert_allclose(read_image(tmp_path / "a", 3), upright, atol=2)
    np.testing.assert_allclose(read_image(tmp_path / "a", 3, exif="ignore"), stored, atol=2)
    with pytest.raises(ValueError, match="exif"):
        read_image(tmp_path / "a", 3, exif="turn")


@pytest.mark.parametrize("mode", ["I", "F"])
def test_pixels_without_a_range_are_refused_and_not_made_white(tmp_path, mode):
    (tmp_path / "a.tif").write_bytes(encoded(draw(1, mode=mode), "TIFF"))
    with pytest.raises(ValueError, match="a.tif: pixels of 32 bits or floats"):
        read_image(tmp_path / "a.tif", 3)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFO on this system")
def test_a_fifo_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ValueError, match="not a regular file"):
        read_image(tmp_path / "pipe.jpg", 3)


@pytest.mark.parametrize(
    "contents, words",
    [
        (b"", "not an image"),
        (b"hello", "not an image"),
        (encoded(draw(1))[:300], "corrupt or truncated JPEG|not an image"),
        (encoded(draw(1), "PNG")[:-60], "corrupt or truncated PNG"),
        (encoded(draw(1), "BMP")[:-900], "corrupt or truncated BMP"),
    ],
)
def test_what_is_no_image_is_told_in_a_line(tmp_path, contents, words):
    (tmp_path / "a.jpg").write_bytes(contents)
    with pytest.raises(ValueError, match=words) as info:
        read_image(tmp_path / "a.jpg", 3)
    assert "\n" not in str(info.value) and "a.jpg" in str(info.value)


def test_no_file_and_a_folder(tmp_path):
    for path in (tmp_path / "none.jpg", tmp_path, "a\0b"):
        with pytest.raises(ValueError, match="cannot be read|not a file name"):
            read_image(path, 3)
