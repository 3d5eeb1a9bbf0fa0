"""Which folders are sets and which are classes: told, or asked for, and never guessed."""

import os
import warnings

import pytest

from kerasrecipes import data
from kerasrecipes.data.folder_sets import set_of
from tests.data.drawn_images import draw, encoded, write, write_classes

pytestmark = pytest.mark.filterwarnings("ignore:.*fewer than 10")


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("training_set", None, "test_set"),
        ("seg_train", None, "seg_test"),
        ("Train", "Val", "Test"),
        ("training", "valid", "testing"),
        ("train", "dev", "test"),
        ("train2017", "val2017", "test2017"),
        ("train-images", "validation images", "test.images"),
    ],
)
def test_sets_under_any_usual_name(tmp_path, train, validation, test):
    for folder, count in ((train, 4), (validation, 2), (test, 3)):
        if folder:
            write_classes(tmp_path / folder, count=count)
    loaded = data.load(tmp_path)
    assert loaded.class_names == ("cat", "dog")
    sizes = (loaded.train_size, loaded.validation_size, loaded.test_size)
    assert sizes == (8, 4 if validation else 0, 6)


@pytest.mark.parametrize("name", ["train_station", "cat", "testimony", "traintest", "dev_board"])
def test_names_that_are_no_sets(name):
    assert set_of(name) is None


def test_unknown_names_of_sets_are_an_error_that_lists_what_was_found(tmp_path):
    for folder in ("fold_a", "fold_b"):
        write_classes(tmp_path / folder, count=3)
    with pytest.raises(ValueError, match="repeat the same folders") as error:
        data.load(tmp_path)
    message = str(error.value)
    for part in ("'fold_a'", "'fold_b'", "cat, dog", "train/", "class_depth=1", "class_depth=2"):
        assert part in message
    assert "\n" not in message
    assert data.load(tmp_path, class_depth=1).class_names == ("fold_a", "fold_b")


def test_classes_two_levels_down_are_asked_for(tmp_path):
    write_classes(tmp_path / "plants", classes=("oak", "fir"), count=4)
    write_classes(tmp_path / "animals", classes=("cat", "dog"), count=4)
    with pytest.raises(ValueError, match="'animals' holds no images directly.*class_depth=2"):
        data.load(tmp_path)
    loaded = data.load(tmp_path, class_depth=2)
    assert loaded.class_names == ("animals/cat", "animals/dog", "plants/fir", "plants/oak")
    assert sum(loaded.class_sizes) == loaded.train_size
    assert data.load(tmp_path, class_depth=1).class_names == ("animals", "plants")


def test_a_single_folder_of_images_inside_each_class_is_no_question(tmp_path):
    for name in ("n01", "n02"):
        files = {f"images/{i}.jpg": encoded(draw(i)) for i in range(4)}
        write(tmp_path / name, files)
    assert data.load(tmp_path).class_names == ("n01", "n02")


def test_class_depth_where_images_lie_above(tmp_path):
    write_classes(tmp_path)
    with pytest.raises(ValueError, match="'cat' holds images directly.*class_depth=2"):
        data.load(tmp_path, class_depth=2)
    for depth in (0, 3, True, "1"):
        with pytest.raises((TypeError, ValueError), match="class_depth"):
            data.load(tmp_path, class_depth=depth)


@pytest.mark.parametrize("inner", ["classes", "sets"])
def test_a_folder_one_level_too_high_names_the_right_one(tmp_path, inner):
    right = tmp_path / "dogs-vs-cats"
    for folder in (right,) if inner == "classes" else (right / "train", right / "test"):
        write_classes(folder)
    with pytest.raises(ValueError, match=f"Give {right}"):
        data.load(tmp_path)


def test_a_folder_one_level_too_low_names_the_right_one(tmp_path):
    write_classes(tmp_path)
    with pytest.raises(ValueError, match=f"Or is {tmp_path} meant"):
        data.load(tmp_path / "cat")


def test_one_set_of_several_is_said(tmp_path):
    for name in ("train", "test"):
        write_classes(tmp_path / name, count=8)
    with pytest.warns(UserWarning, match=f"'test' too. Give {tmp_path}"):
        data.load(tmp_path / "train")


def test_links_to_folders_are_followed_and_loops_are_not(tmp_path):
    write_classes(tmp_path / "elsewhere", classes=("more",), count=3)
    root = write_classes(tmp_path / "root")
    os.symlink(tmp_path / "elsewhere" / "more", root / "cat" / "linked", target_is_directory=True)
    os.symlink(root, root / "dog" / "loop", target_is_directory=True)
    os.symlink(root / "dog", root / "dog" / "self", target_is_directory=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = data.load(root)
    names = [loaded.train.name_of(index) for index in range(loaded.train_size)]
    assert loaded.train_size + loaded.validation_size + loaded.test_size == 8 + 3
    assert any("linked" in name for name in names)
    assert not any("self" in name or "loop" in name for name in names)


def test_what_is_left_out_is_counted_by_its_kind(tmp_path):
    write_classes(tmp_path, count=8)
    files = {"cat/1.heic": b"", "cat/2.HEIC": b"", "dog/1.avif": b"", "dog/notes.txt": b""}
    write(tmp_path, files)
    with pytest.warns(UserWarning, match="2 .heic, 1 .avif. HEIC .* pillow-heif") as caught:
        loaded = data.load(tmp_path)
    assert loaded.ignored == 4
    assert not any(".txt" in str(item.message) for item in caught)


def test_names_with_escape_sequences_are_quoted(tmp_path):
    root = write_classes(tmp_path / "\x1b[31mred", classes=("ca\nt", "dog"), count=5)
    write(root, {"ca\nt/bad\x1b[2J\n.jpg": b"x", "dog/no.\x1bkind": b""})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loaded = data.load(root)
    errors = [loaded.name]
    for name in ("eel\n", "fly\x07"):
        (root / name).mkdir()
        with pytest.raises(ValueError) as error:
            data.load(root)
        errors.append(str(error.value))
        (root / name).rmdir()
    texts = [str(item.message) for item in caught] + errors
    assert any(r"bad\x1b[2J\n.jpg" in text for text in texts)
    for text in texts:
        assert text.isprintable(), repr(text)


def test_an_empty_set_is_left_out_with_a_warning(tmp_path):
    for name in ("train", "test"):
        write_classes(tmp_path / name, count=12 if name == "train" else 3)
    (tmp_path / "val").mkdir()
    (tmp_path / "val" / ".gitkeep").touch()
    with pytest.warns(UserWarning, match="val: is empty"):
        loaded = data.load(tmp_path)
    assert loaded.validation is None and loaded.test_size == 6


def test_a_class_that_validation_lacks_is_said(tmp_path):
    write_classes(tmp_path / "train", ("cat", "dog", "eel"), count=12)
    write_classes(tmp_path / "val", ("cat", "eel"), count=3)
    with pytest.warns(UserWarning, match="no validation image of 1 of 3 classes.*: 'dog'"):
        data.load(tmp_path)
