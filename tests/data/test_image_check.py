"""The check finds what TensorFlow could not decode later, and what it would decode wrongly."""

import os

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasrecipes.data.image_check import check_images
from kerasrecipes.data.path_list import PathList
from tests.data.drawn_images import deep_png, draw, encoded, write

PHOTO = encoded(draw(1, (300, 200)).resize((900, 600), Image.Resampling.BICUBIC), quality=95)
PROGRESSIVE = encoded(draw(2, (300, 200)), progressive=True)
PNG = encoded(draw(3, (300, 200)), "PNG")


BOMB = encoded(Image.new("L", (10_000, 10_000)), "PNG")


def overwritten(contents, start, length, value=0xFF):
    return contents[:start] + bytes([value]) * length + contents[start + length :]


GOOD = {
    "jpeg.jpg": (encoded(draw(0, (41, 30))), 30, 3),
    "grey.jpg": (encoded(draw(0, (20, 31), "L")), 20, 1),
    "progressive.jpg": (PROGRESSIVE, 200, 3),
    "tiny.jpg": (encoded(draw(0, (8, 8)).resize((1, 1))), 1, 3),
    "rgb.png": (PNG, 200, 3),
    "grey.png": (encoded(draw(0, (300, 257), "L"), "PNG"), 257, 1),
    "grey_alpha.png": (encoded(draw(0, (30, 20), "LA"), "PNG"), 20, 2),
    "palette.png": (encoded(draw(0, (30, 20), "P"), "PNG"), 20, 3),
    "alpha.png": (encoded(draw(0, (30, 20), "RGBA"), "PNG"), 20, 4),
    "black_and_white.png": (encoded(draw(0, (30, 20), "1"), "PNG"), 20, 1),
    "png_inside.jpg": (PNG, 200, 3),
    "jpeg_inside.png": (PHOTO, 600, 3),
    "deep.png": (deep_png(), 30, 1),
}
THROUGH_PILLOW = {
    "gif.png": (encoded(draw(0), "GIF"), 30, 3),
    "bmp.jpg": (encoded(draw(0), "BMP"), 30, 3),
    "palette.bmp": (encoded(draw(0, mode="P"), "BMP"), 30, 3),
    "bits.bmp": (encoded(draw(0, mode="1"), "BMP"), 30, 1),
    "alpha.webp": (encoded(draw(0, mode="RGBA"), "WEBP", lossless=True), 30, 3),
    "cmyk.jpg": (encoded(draw(0, mode="CMYK")), 30, 3),
    "cmyk.tif": (encoded(draw(0, mode="CMYK"), "TIFF"), 30, 3),
    "grey.tiff": (encoded(draw(0, mode="L"), "TIFF", compression="tiff_lzw"), 30, 1),
    "moving.webp": (
        encoded(draw(0), "WEBP", save_all=True, append_images=[draw(1)], lossless=True), 30, 3,
    ),
}  # fmt: skip
GOOD.update(THROUGH_PILLOW)
BAD = {
    "half.jpg": (PHOTO[: len(PHOTO) // 2], "corrupt or truncated JPEG"),
    "end_missing.jpg": (PHOTO[:-2], "corrupt or truncated JPEG"),
    "middle_overwritten.jpg": (
        overwritten(PHOTO, len(PHOTO) // 2, 200),
        "corrupt or truncated JPEG",
    ),
    "rest_zero.jpg": (
        overwritten(PHOTO, len(PHOTO) // 2, len(PHOTO), 0)[: len(PHOTO)],
        "corrupt or truncated JPEG",
    ),
    "header_only.jpg": (PHOTO[:20], "corrupt or truncated JPEG"),
    "progressive_half.jpg": (PROGRESSIVE[: len(PROGRESSIVE) // 2], "corrupt or truncated JPEG"),
    "half.png": (PNG[: len(PNG) // 2], "corrupt or truncated PNG"),
    "middle.png": (overwritten(PNG, len(PNG) // 2, 1, PNG[len(PNG) // 2] ^ 1), "corrupt or trunc"),
    "signature_only.png": (PNG[:8], "corrupt or truncated PNG"),
    "empty.jpg": (b"", "empty file"),
    "text.jpg": (b"not an image", "no image inside"),
    "half_cmyk.jpg": (encoded(draw(0, (300, 200), "CMYK"))[:3000], "corrupt or truncated JPEG"),
    "float.tif": (encoded(draw(0, mode="F"), "TIFF"), "floats"),
    "integer.tif": (encoded(draw(0, mode="I"), "TIFF"), "32 bits"),
    "bomb.png": (BOMB, "100 megapixels in"),
    "half.webp": (encoded(draw(0, (300, 200)), "WEBP")[:400], "corrupt or truncated"),
}


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    contents = {name: case[0] for name, case in {**GOOD, **BAD}.items()}
    folder = write(tmp_path_factory.mktemp("images"), contents)
    paths = [str(folder / name) for name in contents]
    check = check_images(PathList([*paths, str(folder / "gone.jpg")]))
    return dict(zip(contents, range(len(contents)))), check


@pytest.mark.parametrize("name", GOOD)
def test_good_images(checked, name):
    places, check = checked
    _, short_side, channels = GOOD[name]
    place = places[name]
    assert place not in check.problems
    assert place in check.usable()
    assert check.short_sides[place] == short_side
    assert check.channels[place] == channels


@pytest.mark.parametrize("name", BAD)
def test_bad_images(checked, name):
    places, check = checked
    assert BAD[name][1] in check.problems[places[name]]
    assert places[name] not in check.usable()


def test_a_file_that_is_not_there(checked):
    places, check = checked
    assert check.problems[len(places)] == "No such file or directory"
    assert [*check.problems] == sorted(check.problems)


def test_what_passes_decodes_in_full_and_what_is_corrupt_does_not(checked):
    places, check = checked
    for name, (contents, *_) in {**GOOD, **BAD}.items():
        if name in THROUGH_PILLOW or not name.endswith((".jpg", ".png")) or name == "bomb.png":
            continue
        if places[name] not in check.problems:
            decoded = tf.io.decode_image(contents, channels=3, expand_animations=False)
            assert decoded.shape[-1] == 3
        elif "corrupt" in check.problems[places[name]]:
            with pytest.raises(tf.errors.InvalidArgumentError):
                tf.io.decode_image(contents, channels=3, expand_animations=False)


def test_fingerprints_tell_bytes_apart(checked):
    places, check = checked
    assert check.fingerprints[places["rgb.png"]] == check.fingerprints[places["png_inside.jpg"]]
    usable = {name: check.fingerprints[places[name]] for name in GOOD if name != "png_inside.jpg"}
    assert check.through_pillow[places["cmyk.jpg"]] and not check.through_pillow[places["rgb.png"]]
    assert len(set(usable.values())) == len(usable)


@pytest.mark.skipif(os.name == "nt", reason="names of files are text on Windows")
def test_names_that_are_not_utf8(tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.jpg")
    with open(path, "wb") as file:
        file.write(PHOTO)
    check = check_images(PathList([os.fsdecode(path)]))
    assert not check.problems
    assert np.array_equal(check.short_sides, [600])


def test_what_is_no_image_does_not_reach_the_decoder(tmp_path, capfd):
    """It would write "Not a JPEG file: starts with 0x74 0x68" to standard error by itself."""
    (tmp_path / "text.jpg").write_bytes(b"this is no image")
    problems = check_images(PathList([str(tmp_path / "text.jpg")])).problems
    assert problems == {0: "no image inside"}
    assert "Not a JPEG" not in capfd.readouterr().err
