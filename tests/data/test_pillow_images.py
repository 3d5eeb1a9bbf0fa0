"""Files that TensorFlow does not decode, against Pillow, and those that are not to be opened."""

import io
import os

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from kerasrecipes import augment, data
from kerasrecipes.data.image_check import check_images
from kerasrecipes.data.path_list import PathList
from kerasrecipes.data.pillow_image import file_problem, pillow_pixels, size_problem
from tests.data.drawn_images import deep_png, draw, encoded, write

pytestmark = pytest.mark.filterwarnings("ignore:.*fewer than 10")

KINDS = {
    "palette.bmp": encoded(draw(1, mode="P"), "BMP"),
    "bits.bmp": encoded(draw(1, mode="1"), "BMP"),
    "colour.bmp": encoded(draw(1), "BMP"),
    "alpha.webp": encoded(draw(1, mode="RGBA"), "WEBP", lossless=True),
    "moving.webp": encoded(draw(1), "WEBP", save_all=True, append_images=[draw(2)], lossless=True),
    "moving.gif": encoded(draw(1, mode="P"), "GIF", save_all=True, append_images=[draw(2)]),
    "colour.tif": encoded(draw(1), "TIFF"),
    "cmyk.tif": encoded(draw(1, mode="CMYK"), "TIFF"),
    "cmyk.jpg": encoded(draw(1, mode="CMYK")),
    "palette.png": encoded(draw(1, mode="P"), "PNG"),
    "alpha.png": encoded(draw(1, mode="RGBA"), "PNG"),
    "picture.ppm": encoded(draw(1), "PPM"),
}


def pillow(contents, channels):
    image = Image.open(io.BytesIO(contents))
    image = image.convert("RGB")
    return np.asarray(image if channels == 3 else image.convert("L").convert("RGB"))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    for name in ("cat", "dog"):
        write(folder / "train" / name, KINDS)
    return data.load(folder / "train", split=(0.5, 0.5, 0.0), strict=True)


def read(loaded, name):
    for images in (loaded.train, loaded.validation):
        for index in range(len(images)):
            if images.name_of(index).endswith(name):
                return images[index][0]
    raise AssertionError(name)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_file_is_pillows_pixel_for_pixel(loaded, name):
    expected = pillow(KINDS[name], 3)
    stored = read(loaded, name)
    np.testing.assert_array_equal(augment.DecodeImage()(stored), expected)
    crop = augment.CenterCrop(30, 30)(stored)
    np.testing.assert_allclose(crop, expected[:, 5:35], atol=1e-3)


@pytest.mark.parametrize("name", KINDS)
def test_grey_is_asked_for(loaded, name):
    grey = augment.DecodeImage(1)(read(loaded, name))
    assert grey.shape == (30, 40, 1)
    expected = np.asarray(Image.fromarray(pillow(KINDS[name], 3)).convert("L"))
    np.testing.assert_allclose(np.float32(grey[..., 0]), expected, atol=1.01)


@pytest.mark.slow
def test_sixteen_bits_keep_the_upper_eight(tmp_path):
    tiff = encoded(Image.open(io.BytesIO(deep_png())), "TIFF")
    for name in ("cat", "dog"):
        write(tmp_path / name, {f"{i}.png": deep_png() for i in range(4)} | {"5.tif": tiff})
    images = data.load(tmp_path, strict=True)
    assert images.channels == 1
    expected = np.uint8((np.arange(1200).reshape(30, 40) * 50) >> 8)
    for part in (images.train, images.validation, images.test):
        for stored, _ in part:
            np.testing.assert_array_equal(augment.DecodeImage(1)(stored)[..., 0], expected)


@pytest.mark.slow
def test_batches_of_all_kinds(loaded):
    whole = [augment.CenterCrop(30, 30), augment.RandomFlip()]
    batches = augment.pipeline(loaded.train, whole, 4, training=True, seed=2)
    assert sum(len(labels) for _, labels in batches.take(batches.steps_per_pass)) == len(
        loaded.train
    )


def tagged(orientation, kind="JPEG", index=3):
    exif = Image.Exif()
    exif[274] = orientation
    return encoded(draw(index, (60, 40)), kind, exif=exif, lossless=True)


@pytest.mark.parametrize("exif", ["apply", "ignore"])
@pytest.mark.slow
def test_images_are_turned_as_exif_says_and_counted(tmp_path, exif):
    files = {f"{o}.jpg": tagged(o, index=o) for o in range(1, 9)}
    files |= {f"{o}.webp": tagged(o, "WEBP", index=o) for o in (1, 6)}
    files |= {f"{o}.png": tagged(o, "PNG", index=o) for o in (1, 8)}
    for name in ("cat", "dog"):
        write(tmp_path / name, files)
    loaded = data.load(tmp_path, exif=exif, strict=True)
    assert loaded.turned == (2 * (7 + 1 + 1) if exif == "apply" else 0)
    for images in (loaded.train, loaded.validation, loaded.test):
        for index, (stored, _) in enumerate(images):
            image = Image.open(io.BytesIO(files[os.path.basename(images.name_of(index))]))
            image = ImageOps.exif_transpose(image) if exif == "apply" else image
            expected = np.asarray(image.convert("RGB"))
            np.testing.assert_allclose(augment.DecodeImage()(stored), expected, atol=2)
    with pytest.raises(ValueError, match="exif"):
        data.load(tmp_path, exif="turn")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFO on this system")
def test_a_fifo_is_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    os.symlink(tmp_path / "nowhere", tmp_path / "dangling.jpg")
    write(tmp_path, {"good.jpg": encoded(draw(0))})
    names = ("pipe.jpg", "dangling.jpg", "good.jpg", "gone.jpg")
    check = check_images(PathList([*(str(tmp_path / name) for name in names), "/dev/zero"]))
    missing = "No such file or directory"
    assert check.problems == {
        0: "not a regular file", 1: missing, 3: missing, 4: "not a regular file",
    }  # fmt: skip
    assert file_problem(str(tmp_path / "good.jpg")) is None


def test_too_many_pixels_are_refused_by_the_header():
    assert size_problem(13_000 * 13_000, 500_000) is not None
    assert size_problem(13_000 * 13_000, 20_000_000) is None
    assert "more than 179" in size_problem(14_000 * 14_000, 10**9)
    assert size_problem(40_000_000, 1000) is None
    header = bytearray(encoded(Image.new("L", (1, 1)), "BMP"))
    header[18:26] = (60_000).to_bytes(4, "little") * 2
    with pytest.raises(ValueError, match="megapixels"):
        pillow_pixels(bytes(header))


def test_floats_have_no_range_and_are_refused():
    for mode in ("F", "I"):
        with pytest.raises(ValueError, match="32 bits or floats"):
            pillow_pixels(encoded(draw(0, mode=mode), "TIFF"))


def test_a_converted_image_is_a_png(loaded):
    assert read(loaded, "palette.bmp").startswith(b"\x89PNG")
    assert read(loaded, "palette.png") == KINDS["palette.png"]
    assert loaded.train.element_spec[0] == tf.TensorSpec((), tf.string)
