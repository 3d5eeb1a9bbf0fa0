"""Images that are there twice, and classes that are too small."""

import warnings

import numpy as np
import pytest

from kerasrecipes import data
from tests.data.drawn_images import draw, encoded, write, write_classes


def test_copies_under_other_names_and_classes_are_found(tmp_path):
    write_classes(tmp_path / "train", count=12)
    copy = (tmp_path / "train" / "cat" / "003.jpg").read_bytes()
    other = (tmp_path / "train" / "dog" / "005.jpg").read_bytes()
    write(tmp_path / "validation", {"cat/a.jpg": copy, "dog/b.jpg": encoded(draw(99))})
    write(tmp_path / "test", {"cat/c.jpg": other, "cat/d.jpg": copy, "dog/e.jpg": other})
    with pytest.warns(UserWarning) as caught:
        images = data.load(tmp_path)
    found = [
        (one.image[-9:], one.set, one.twin[-11:], one.twin_set, one.same_class)
        for one in images.duplicates
    ]
    assert found == [
        ("cat/a.jpg", "validation", "cat/003.jpg", "train", True),
        ("cat/c.jpg", "test", "dog/005.jpg", "train", False),
        ("cat/d.jpg", "test", "cat/003.jpg", "train", True),
        ("dog/e.jpg", "test", "dog/005.jpg", "train", True),
        ("cat/d.jpg", "test", "n/cat/a.jpg", "validation", True),
        ("dog/e.jpg", "test", "t/cat/c.jpg", "test", False),
    ]
    texts = [str(one.message) for one in caught]
    assert any("validation images that are also in the train set: 1;" in text for text in texts)
    assert any("test images that are there twice: 1, 1 of them" in text for text in texts)
    assert any("set: 3, 1 of them under another class" in text for text in texts)


def test_a_split_of_one_set_is_looked_through_too():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (40, 5, 4, 3), "uint8")
    y = np.arange(40) % 2
    once = data.load((x, y), split=(0.5, 0.5, 0.0))
    assert once.duplicates == ()
    with pytest.warns(UserWarning, match="validation images that are also in the train set"):
        twice = data.load((np.concatenate([x, x]), np.concatenate([y, y])), split=(0.5, 0.5, 0.0))
    sets = (twice.train, twice.validation)
    train, held = ([image.tobytes() for image, _ in one] for one in sets)
    shared = [one for one in twice.duplicates if one.set != one.twin_set]
    assert len(shared) == sum(image in train for image in held) > 0
    inside = len(twice.duplicates) - len(shared)
    assert inside == len(train) - len(set(train)) + len(held) - len(set(held)) > 0
    place = {f"x_train[{i}]": image.tobytes() for i, image in enumerate(np.concatenate([x, x]))}
    for one in twice.duplicates:
        assert place[one.image] == place[one.twin] and one.image != one.twin and one.same_class


def test_the_shape_counts():
    grey = np.zeros((24, 4, 2), "uint8")
    grey[:, 0, 0] = np.arange(24)
    turned = grey.reshape(24, 2, 4)
    labels = np.arange(24) % 2
    assert data.load((grey, labels, turned, labels)).duplicates == ()
    with pytest.warns(UserWarning, match="test images that are also in the train set: 24;"):
        assert len(data.load((grey, labels, grey, labels)).duplicates) == 24


def test_the_sample_is_clean():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sample = data.load("fashion_mnist_sample", split=(0.9, 0.1))
    assert sample.duplicates == () and sample.class_sizes == (540,) * 10


def test_classes_under_ten_images_are_named_by_size(tmp_path):
    for name, count in {"ant": 9, "bee": 10, "cow": 1}.items():
        write_classes(tmp_path, (name,), count)
    words = r"2 of 3 classes have fewer than 10 images, .*'cow' \(1\), 'ant' \(9\)$"
    with pytest.warns(UserWarning, match=words):
        images = data.load(tmp_path, split=(0.8, 0.2, 0.0))
    labels = [int(label) for _, label in images.train]
    assert images.class_sizes == tuple(labels.count(label) for label in range(3))
    assert images.small_classes == (("cow", 1), ("ant", 9))


def test_ten_images_of_each_class_are_enough(tmp_path):
    write_classes(tmp_path, count=10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data.load(tmp_path)
