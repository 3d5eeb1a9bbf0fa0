"""The sample in the package, and every kind of bad input: one line that says what is wrong."""

import os
import pathlib

import numpy as np
import pytest

import kerasrecipes
from kerasrecipes import data
from kerasrecipes.data.build_fashion_mnist_sample import build
from tests.data.drawn_images import draw, encoded, write, write_classes
from tests.data.test_array_source import arrays, stacked

ROOM = pathlib.Path(data.__file__).parent


def test_the_sample_is_real_images_of_each_class():
    loaded = data.load("fashion_mnist_sample")
    assert (loaded.train_size, loaded.validation_size, loaded.test_size) == (6000, 0, 1000)
    assert (loaded.name, loaded.num_classes) == ("fashion_mnist_sample", 10)
    assert loaded.class_names[0] == "T-shirt/top" and loaded.class_names[9] == "Ankle boot"
    assert (loaded.short_side, loaded.channels, loaded.encoded) == (28, 1, False)
    for dataset, each in ((loaded.train, 600), (loaded.test, 100)):
        images, labels = stacked(dataset)
        assert np.bincount(labels).tolist() == [each] * 10
        assert len(np.unique(images.reshape(len(images), -1), axis=0)) > 0.99 * len(images)
    trousers = images[labels == 1].mean(axis=(0, 3))
    assert trousers[20, 6:22].mean() > 3 * trousers[20, :6].mean()


def test_the_sample_is_small_and_its_licence_is_beside_it():
    assert (ROOM / "fashion_mnist_sample.npz").stat().st_size <= 4_000_000
    licence = (ROOM / "FASHION_MNIST_LICENSE.txt").read_text(encoding="utf-8")
    assert "MIT License" in licence and "2017 Zalando SE" in licence


def test_the_builder_takes_the_first_of_each_class(tmp_path):
    x, y = arrays(80, classes=4, shape=(6, 6, 1))
    names = np.array(list("abcd"))
    whole, sample = tmp_path / "whole.npz", tmp_path / "sample.npz"
    np.savez(whole, x_train=x, y_train=y, x_test=x[::-1], y_test=y[::-1], class_names=names)
    build(whole, sample, train_per_class=3, test_per_class=1)
    loaded = data.load(sample)
    first = sorted(place for label in range(4) for place in np.flatnonzero(y == label)[:3])
    np.testing.assert_array_equal(stacked(loaded.train)[0], x[first])
    np.testing.assert_array_equal(stacked(loaded.train)[1], y[first])
    assert loaded.test_size == 4 and loaded.class_names == tuple("abcd")


def test_the_room_is_reached_from_the_package():
    assert kerasrecipes.data.load is data.load
    assert data.__all__ == ["ImageData", "ImageSource", "ImageStream", "load"]


X, Y = arrays()
FLOATS = X / 255

BAD_ARRAYS = {
    "lengths": ((X, Y[:-1], X, Y), "40 images and 39 labels"),
    "float images": ((FLOATS, Y, X, Y), "x_train must hold uint8 .* dtype float64"),
    "float labels": ((X, Y.astype(float)), "y_train must hold integer labels"),
    "boolean labels": ((X, Y > 1), "y_train must hold integer labels"),
    "one-hot labels": ((X, np.eye(4, dtype=int)[Y]), r"y_train must have shape \(images,\)"),
    "rank of images": ((X[0, 0], Y), "x_train must have shape"),
    "channels": ((np.repeat(X, 2, -1), Y), "x_train must have shape"),
    "no images": ((X[:0], Y[:0]), "x_train must have shape .* none of them 0"),
    "unlike channels": ((X, Y, X[..., :1], Y), "must have the same channels"),
    "negative label": ((X, Y - 1), "must be in 0..2"),
    "label far out of range": ((X, np.where(np.arange(40) == 7, 1000, Y)), "Received: label 1000"),
    "unknown test label": ((X, Y, X, Y + 1), "labels of the test set must be in 0..3 .*: 4"),
    "a single class": ((X, np.zeros(40, int)), "two classes at least are needed"),
    "a single class of many": ((X, np.full(40, 3)), "every training image is of class '3'"),
    "one array": ((X,), "a tuple of 1"),
    "three arrays": ((X, Y, X), "a tuple of 3"),
    "mapping without labels": ({"x_train": X}, "missing y_train"),
    "mapping without training": ({"x_test": X, "y_test": Y}, "missing x_train"),
    "label beyond the names": (
        {"x_train": X, "y_train": Y, "class_names": ["a", "b", "c"]},
        r"must be in 0..2 \(3 classes\). Received: 3",
    ),
    "names twice": (
        {"x_train": X, "y_train": Y, "class_names": ["a", "b", "c", "a"]},
        "class_names must be a list of different strings",
    ),
    "too few to split": ((X[:2], np.array([0, 1])), "too few to split"),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_bad_arrays(case):
    source, message = BAD_ARRAYS[case]
    with pytest.raises(ValueError, match=message) as error:
        data.load(source)
    assert "\n" not in str(error.value)


def no_folders(folder):
    write(folder, {"a.jpg": encoded(draw(0)), "b.jpg": encoded(draw(1))})


def nothing(folder):
    pass


def empty_class(folder):
    write_classes(folder)
    (folder / "eel").mkdir()


def other_files_only(folder):
    write(write_classes(folder), {"eel/1.mp4": b"", "eel/.2.jpg": b""})


def single_class(folder):
    write_classes(folder, classes=("cat",))


def class_unknown_in_training(folder):
    write_classes(folder / "train")
    write_classes(folder / "test", classes=("cat", "eel"))


def loose_files_in_test(folder):
    write_classes(folder / "train")
    write(folder / "test", {"1.jpg": encoded(draw(0))})


def empty_class_in_test(folder):
    write_classes(folder / "train")
    write_classes(folder / "test")
    (folder / "test" / "eel").mkdir()


def two_validations(folder):
    for name in ("train", "val", "validation"):
        write_classes(folder / name)


def all_of_a_class_unusable(folder):
    write(write_classes(folder), {"eel/1.png": b"y", "eel/2.jpg": b"x"})


BAD_FOLDERS = {
    no_folders: r"no class folders \(2 files lie directly",
    nothing: "no images found",
    empty_class: "eel: no images in this class folder .*: remove the folder, or fill it",
    other_files_only: r"eel: no images in this class folder \(1 other files\)",
    single_class: "two classes at least are needed. Received: 1",
    class_unknown_in_training: "eel: there is no such class in training",
    loose_files_in_test: "test: no images found",
    empty_class_in_test: "eel: no images in this class folder",
    two_validations: "both 'val' and 'validation'",
    all_of_a_class_unusable: "no image of class 'eel' in train can be used",
}


@pytest.mark.filterwarnings("ignore:.*cannot be used and are skipped")
@pytest.mark.parametrize("make", BAD_FOLDERS, ids=lambda make: make.__name__)
def test_bad_folders(tmp_path, make):
    make(tmp_path)
    with pytest.raises(ValueError, match=BAD_FOLDERS[make]) as error:
        data.load(tmp_path)
    assert "\n" not in str(error.value) and str(tmp_path) in str(error.value)


@pytest.mark.parametrize(
    "source, error, message",
    [
        ("/no/such/folder", FileNotFoundError, "No such file or folder: /no/such/folder"),
        ("./nowhere", FileNotFoundError, "nowhere"),
        ("nowhere.npz", FileNotFoundError, "nowhere.npz"),
        (pathlib.Path("/no/such/file.npz"), FileNotFoundError, "/no/such/file.npz"),
        ("fashion_mnist_sampel", ValueError, "Unknown source .*'fashion_mnist_sample'"),
        ("", ValueError, "Unknown source"),
        (__file__, ValueError, "not a source of images"),
        (None, TypeError, "Argument `source` must be"),
        (5, TypeError, "Argument `source` must be"),
        (X, TypeError, "Argument `source` must be"),
    ],
)
def test_bad_sources(source, error, message):
    with pytest.raises(error, match=message) as raised:
        data.load(source)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "options, error",
    [
        ({"split": (0.8, 0.1, 0.2)}, ValueError),
        ({"split": "all"}, ValueError),
        ({"seed": -1}, ValueError),
        ({"seed": 0.5}, TypeError),
        ({"strict": 1}, TypeError),
    ],
)
def test_bad_options(options, error):
    with pytest.raises(error, match=f"Argument `{[*options][0]}` must"):
        data.load("fashion_mnist_sample", **options)


def test_shares_that_do_not_fit_the_source():
    with pytest.raises(ValueError, match="has its own sets"):
        data.load((X, Y, X, Y), split=(0.8, 0.1, 0.1))
    with pytest.raises(ValueError, match="for a source with its own test set"):
        data.load((X, Y), split=(0.8, 0.2))
    own = {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y}
    with pytest.raises(ValueError, match="no validation set"):
        data.load({**own, "x_validation": X, "y_validation": Y}, split=(0.8, 0.2))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_folder_that_may_not_be_read(tmp_path):
    write_classes(tmp_path)
    (tmp_path / "cat").chmod(0)
    try:
        with pytest.raises(ValueError, match="cat.*Permission denied"):
            data.load(tmp_path)
    finally:
        (tmp_path / "cat").chmod(0o755)


@pytest.mark.parametrize("make", [write_classes, lambda folder: np.savez(folder / "a.npz", x=X)])
def test_permission_denied_is_one_line(tmp_path, monkeypatch, make):
    make(tmp_path)

    def refuse(path, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "walk", refuse)
    monkeypatch.setattr("zipfile.is_zipfile", refuse)
    path = next(tmp_path.glob("*.npz"), tmp_path)
    with pytest.raises(ValueError, match="Permission denied"):
        data.load(path)


def test_printed_data_are_three_lines():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (300, 5, 7, 3), "uint8"), np.arange(300) % 15
    lines = str(data.load((x, y))).splitlines()
    assert lines[0] == "arrays: 240 training, 30 validation, 30 test images"
    assert lines[1].startswith("15 classes: ") and lines[1].endswith(" and 5 more")
    assert lines[2] == "in colour, pixels, short side 5 px (median)"
