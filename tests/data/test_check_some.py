"""`check="sample"` and `"none"`: what is looked at, and what is right without a look."""

import io
import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasrecipes import augment, data
from kerasrecipes.data import image_check
from tests.data.drawn_images import draw, encoded, write, write_classes

EVEN, ODD = 0, 1  # of 12 files, a sample of 6 looks at 0, 2, 4, ...


@pytest.fixture(autouse=True)
def few_looks(monkeypatch):
    monkeypatch.setattr(image_check, "LOOKS", {"sample": 6, "none": 3})


def pixels(source):
    return [augment.DecodeImage()(image).numpy() for image, _ in source]


@pytest.mark.parametrize("check", ["sample", "none"])
@pytest.mark.parametrize("exif", ["apply", "ignore"])
@pytest.mark.slow
def test_files_that_were_not_looked_at_are_read_as_those_that_were(tmp_path, check, exif):
    exif_data = Image.Exif()
    exif_data[274] = 6
    kinds = [
        ("JPEG", "RGB", {"exif": exif_data}), ("PNG", "RGB", {}), ("WEBP", "RGB", {}),
        ("BMP", "P", {}), ("JPEG", "CMYK", {}), ("GIF", "P", {}),
    ]  # fmt: skip
    for name in ("cat", "dog"):
        for index, (kind, mode, options) in enumerate(kinds):
            image = encoded(draw(index, mode=mode), kind, **options)
            write(tmp_path, {f"{name}/{index}.{kind.lower()}": image + name.encode()})
    options = {"exif": exif, "split": (0.5, 0.5, 0)}
    everything = data.load(tmp_path, **options)
    some = data.load(tmp_path, check=check, **options)
    assert (everything.unchecked, some.unchecked) == (0, 6 if check == "sample" else 9)
    for expected, result in (
        (everything.train, some.train),
        (everything.validation, some.validation),
    ):
        assert np.array_equal(expected.labels, result.labels)
        for left, right in zip(pixels(expected), pixels(result), strict=True):
            assert np.array_equal(left, right)


@pytest.mark.slow
def test_a_bad_file_is_found_where_one_looks(tmp_path):
    write_classes(tmp_path, count=6)
    (tmp_path / "cat" / "000.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (tmp_path / "dog" / "001.jpg").write_bytes(b"")
    with pytest.warns(UserWarning, match="2 of 12 images cannot be used"):
        sample = data.load(tmp_path, check="sample")
    assert [reason for _, reason in sample.skipped] == ["corrupt or truncated JPEG", "empty file"]
    with pytest.raises(ValueError, match="1 of 12 images cannot be used: .*000.jpg"):
        data.load(tmp_path, check="none", strict=True)  # looks at 0, 4 and 8


def test_a_bad_file_that_was_not_looked_at_ends_reading_with_its_name(tmp_path):
    write_classes(tmp_path, count=6)
    (tmp_path / "cat" / "001.jpg").write_bytes(b"not an image")
    loaded = data.load(tmp_path, check="sample")
    with pytest.raises(tf.errors.InvalidArgumentError, match="001.jpg: no image inside"):
        list(itertools.chain(loaded.train, loaded.validation, loaded.test))


@pytest.mark.slow
def test_duplicates_of_unknown_files_are_not_claimed(tmp_path):
    write_classes(tmp_path, count=6)
    for name in ("cat", "dog"):  # of the same names, at odd places: looked at by "all" alone
        (tmp_path / name / "001.jpg").write_bytes((tmp_path / "cat" / "003.jpg").read_bytes())
    with pytest.warns(UserWarning, match="twice|also in"):
        assert data.load(tmp_path).duplicates
    assert not data.load(tmp_path, check="sample").duplicates


def test_nothing_usable_among_those_looked_at(tmp_path):
    write_classes(tmp_path, count=6)
    for path in ("cat/000.jpg", "cat/004.jpg", "dog/002.jpg"):
        (tmp_path / path).write_bytes(b"text")
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="none of the 3 images"):
        data.load(tmp_path, check="none")


def test_check_without_files_has_no_effect():
    with pytest.warns(UserWarning, match="has no effect on fashion_mnist_sample"):
        data.load("fashion_mnist_sample", check="none")
    with pytest.raises(ValueError, match="check"):
        data.load("fashion_mnist_sample", check="some")


PEAK = """
import resource, sys
from kerasrecipes import data
loaded = data.load(sys.argv[1])
assert len(loaded.train) == int(sys.argv[2]) * 8 // 10
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def write_many(folder, count):
    buffer = io.BytesIO()
    draw(0, (16, 16)).save(buffer, "JPEG")
    for label in range(100):
        os.makedirs(folder / f"class_{label:03}")
    for index in range(count):  # bytes behind the end of the image make each a file of its own
        path = folder / f"class_{index % 100:03}" / f"image_{index:08}.jpg"
        path.write_bytes(buffer.getvalue() + index.to_bytes(4, "little"))


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="kilobytes of `ru_maxrss` are Linux's")
def test_200_000_files_take_less_than_50_mb_more_than_2_000(tmp_path):
    """Measured on two cores: 47 MB, where it was 90 with a list of paths."""
    peaks = []
    for count in (2_000, 200_000):
        write_many(tmp_path / str(count), count)
        command = [sys.executable, "-c", PEAK, tmp_path / str(count), str(count)]
        ran = subprocess.run(command, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        peaks.append(int(ran.stdout) * 1024)
    assert peaks[1] - peaks[0] < 50e6
