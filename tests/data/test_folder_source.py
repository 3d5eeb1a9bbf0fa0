"""Folders of images: order, layouts, what is skipped, and bytes read only when asked for."""

import os
import pathlib
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasrecipes import data
from tests.data.drawn_images import draw, encoded, write, write_classes

PHOTOS = pathlib.Path(__file__).parents[3] / "shared" / "data" / "photos"


def read(dataset):
    return list(dataset)


@pytest.mark.slow
def test_classes_and_files_are_sorted_and_hidden_files_left_out(tmp_path):
    names = ["zebra/10.jpg", "zebra/9.PNG", "ant/b/2.jpeg", "ant/b/1.jpg", "ant/a.jpg"]
    contents = {name: encoded(draw(index)) for index, name in enumerate(names)}
    other = {
        "ant/.hidden.jpg": b"",
        ".git/x.jpg": b"",
        "ant/.cache/x.jpg": b"",
        "ant/notes.txt": b"",
        "zebra/clip.mp4": b"",
        "README.md": b"",
    }
    write(tmp_path, {**contents, **other})
    loaded = data.load(tmp_path, split=(0.6, 0.4, 0.0))
    assert loaded.class_names == ("ant", "zebra")
    assert loaded.num_classes == 2
    assert loaded.ignored == 3
    assert loaded.encoded and loaded.channels == 3 and loaded.name == tmp_path.name
    assert loaded.test is None and loaded.test_size == 0
    assert loaded.train_size + loaded.validation_size == 5
    both = read(loaded.train) + read(loaded.validation)
    order = ["ant/a.jpg", "ant/b/1.jpg", "ant/b/2.jpeg", "zebra/10.jpg", "zebra/9.PNG"]
    place = {contents[name]: position for position, name in enumerate(order)}
    for part in (loaded.train, loaded.validation):
        places = [place[image] for image, _ in read(part)]
        assert places == sorted(places)
    assert sorted(place[image] for image, _ in both) == [0, 1, 2, 3, 4]
    assert all(label == (place[image] >= 3) for image, label in both)


@pytest.mark.parametrize("validation", ["validation", "val", "valid", "Validation"])
def test_a_folder_with_its_own_sets(tmp_path, validation):
    write_classes(tmp_path / "train", count=6)
    write_classes(tmp_path / validation, count=2)
    write_classes(tmp_path / "test", count=3)
    loaded = data.load(str(tmp_path))
    assert (loaded.train_size, loaded.validation_size, loaded.test_size) == (12, 4, 6)
    expected = [
        ((tmp_path / "test" / name / f"{index:03}.jpg").read_bytes(), label)
        for label, name in enumerate(["cat", "dog"])
        for index in range(3)
    ]
    assert read(loaded.test) == expected


def test_names_of_sets_without_training_are_not_classes(tmp_path):
    write_classes(tmp_path / "val", count=2)
    write_classes(tmp_path / "test", count=2)
    with pytest.raises(ValueError, match=r"but no train/"):
        data.load(tmp_path)


def test_a_folder_beside_the_sets_is_named_in_a_warning(tmp_path):
    for name in ("Train", "Testing", "extra"):
        write_classes(tmp_path / name, count=3)
    with pytest.warns(UserWarning, match="extra"):
        loaded = data.load(tmp_path)
    assert loaded.class_names == ("cat", "dog")
    assert (loaded.train_size, loaded.test_size) == (6, 6)


def test_two_names_of_one_set_are_an_error(tmp_path):
    for name in ("train", "val", "validation"):
        write_classes(tmp_path / name, count=2)
    with pytest.raises(ValueError, match="one set"):
        data.load(tmp_path)


@pytest.mark.slow
def test_train_and_test_alone_have_no_validation_until_it_is_carved(tmp_path):
    write_classes(tmp_path / "train", count=10)
    write_classes(tmp_path / "test", count=2)
    loaded = data.load(tmp_path)
    assert loaded.validation is None and loaded.train_size == 20
    carved = data.load(tmp_path, split=(0.8, 0.2), seed=4)
    assert (carved.train_size, carved.validation_size, carved.test_size) == (16, 4, 4)
    parts = read(carved.train) + read(carved.validation)
    assert sorted(parts) == sorted(read(loaded.train))
    assert read(carved.test) == read(loaded.test)


def test_a_class_called_train_is_a_class(tmp_path):
    write_classes(tmp_path, classes=("boat", "train"))
    assert data.load(tmp_path).class_names == ("boat", "train")


def test_element_reads_any_index_in_a_graph(tmp_path):
    loaded = data.load(write_classes(tmp_path, count=10))
    for dataset, size in ((loaded.train, loaded.train_size), (loaded.test, loaded.test_size)):
        assert int(dataset.dataset().cardinality()) == len(dataset) == size
        pairs = read(dataset)
        order = np.random.default_rng(0).permutation(size)
        permuted = tf.data.Dataset.from_tensor_slices(order).map(dataset.element)
        assert [*permuted.as_numpy_iterator()] == [pairs[index] for index in order]
        assert dataset.element_spec == (
            tf.TensorSpec((), tf.string),
            tf.TensorSpec((), tf.int64),
        )


def test_short_side_is_the_median_over_training_images(tmp_path):
    sizes = [(50, 40), (50, 60), (70, 90), (30, 20), (100, 100)]
    for name in ("cat", "dog"):
        files = {f"{i}.png": encoded(draw(i, size), "PNG") for i, size in enumerate(sizes)}
        write(tmp_path / "train" / name, files)
        write(tmp_path / "test" / name, {"0.png": encoded(draw(0, (500, 500)), "PNG")})
    assert data.load(tmp_path).short_side == 50  # of 40, 50, 70, 20, 100


@pytest.mark.slow
def test_grey_images_alone_have_one_channel(tmp_path):
    for name in ("cat", "dog"):
        write(tmp_path / name, {f"{i}.jpg": encoded(draw(i, mode="L")) for i in range(8)})
        write(tmp_path / name, {"alpha.png": encoded(draw(9, mode="LA"), "PNG")})
    assert data.load(tmp_path).channels == 1
    write(tmp_path / "cat", {"colour.png": encoded(draw(9), "PNG")})
    assert data.load(tmp_path).channels == 3


def spoil(folder):
    good = encoded(draw(5, (200, 150)), quality=95)
    write(
        folder,
        {
            "cat/broken.jpg": good[: len(good) // 2],
            "dog/deep.tif": encoded(draw(0, mode="F"), "TIFF"),
            "dog/text.jpg": b"not an image",
        },
    )


def test_unusable_images_are_skipped_counted_and_named_once(tmp_path):
    spoil(write_classes(tmp_path, count=6))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loaded = data.load(tmp_path)
    messages = [str(item.message) for item in caught if "skipped" in str(item.message)]
    assert len(messages) == 1
    assert "3 of 15 images" in messages[0] and "broken.jpg (corrupt" in messages[0]
    assert loaded.skipped == (
        (str(tmp_path / "cat" / "broken.jpg"), "corrupt or truncated JPEG"),
        (
            str(tmp_path / "dog" / "deep.tif"),
            "pixels of 32 bits or floats; scale them to 8 bits",
        ),
        (str(tmp_path / "dog" / "text.jpg"), "no image inside"),
    )
    assert loaded.train_size + loaded.validation_size + loaded.test_size == 12


def test_strict_makes_unusable_images_an_error(tmp_path):
    spoil(write_classes(tmp_path, count=6))
    with pytest.raises(ValueError, match="3 of 15 images cannot be used: .*broken.jpg") as error:
        data.load(tmp_path, strict=True)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("change", ["shorter", "other", "gone"])
def test_a_file_that_changes_after_the_check_is_named(tmp_path, change):
    write_classes(tmp_path / "train", count=2)
    loaded = data.load(tmp_path / "train", split=(0.5, 0.5, 0.0))
    for path in sorted((tmp_path / "train" / "dog").iterdir()):
        if change == "gone":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-9] if change == "shorter" else encoded(draw(99)))
    with pytest.raises(tf.errors.OpError, match=r"train/dog/00\d.jpg"):
        read(loaded.train)
    with pytest.raises(tf.errors.OpError, match=r"train/dog/00\d.jpg"):
        list(loaded.train.dataset().batch(2).prefetch(1))


@pytest.mark.slow
def test_links_to_files_and_folders_are_followed(tmp_path):
    source = write_classes(tmp_path / "source", count=5)
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "cat").symlink_to(source / "cat", target_is_directory=True)
    (linked / "dog").mkdir()
    for path in (source / "dog").iterdir():
        (linked / "dog" / path.name).symlink_to(path)
    assert read(data.load(linked).train) == read(data.load(source).train)


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="no photographs in ../shared/data/photos")
def test_photographs_of_different_sizes(tmp_path):
    paths = sorted(PHOTOS.glob("*.jpg"))[:40]
    for index, path in enumerate(paths):
        (tmp_path / "ab"[index % 2]).mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / "ab"[index % 2] / path.name)
    loaded = data.load(tmp_path, strict=True)
    sizes = {}
    for path in paths:
        with Image.open(path) as image:
            sizes[path.read_bytes()] = min(image.size)
    training = [sizes[image] for image, _ in read(loaded.train)]
    assert len(training) == 32
    assert loaded.short_side == int(np.median(training))


PEAK = """
import resource, sys
from kerasrecipes import data

def peak(folder):
    loaded = data.load(folder, split=(0.5, 0.5, 0.0))
    length = sum(len(image) for image, _ in loaded.train)
    assert loaded.train_size and length
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

print(peak(sys.argv[1]), peak(sys.argv[2]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux alone")
@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_files(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (640, 640, 3), dtype=np.uint8)
    contents = encoded(Image.fromarray(noise), quality=95)
    one = write(tmp_path, {"one.jpg": contents}) / "one.jpg"
    for folder, count in (("few", 20), ("many", 200)):
        for name in ("a", "b"):
            (tmp_path / folder / name).mkdir(parents=True)
            for index in range(count):
                os.link(one, tmp_path / folder / name / f"{index}.jpg")
    command = [sys.executable, "-c", PEAK, str(tmp_path / "few"), str(tmp_path / "many")]
    root = pathlib.Path(__file__).parents[2]
    output = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    few, many = map(int, output.split())
    added = 360 * len(contents) / 1024
    assert added > 150_000
    assert many - few < 0.2 * added


@pytest.mark.parametrize("spoiled", [lambda good: good[: len(good) // 2], lambda good: b"", None])
def test_a_file_that_breaks_after_the_check_is_named_in_the_middle_of_a_stream(tmp_path, spoiled):
    loaded = data.load(write_classes(tmp_path, count=6), split=(0.5, 0.5, 0.0))
    path = sorted(tmp_path.rglob("*.*"))[3]
    if spoiled is None:
        path.unlink()
    else:
        path.write_bytes(spoiled(path.read_bytes()))
    with pytest.raises((tf.errors.InvalidArgumentError, tf.errors.NotFoundError)) as error:
        read(loaded.train) + read(loaded.validation)
    assert str(path) in str(error.value)
