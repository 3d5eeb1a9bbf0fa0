"""`.npz` files, good and bad."""

import numpy as np
import pytest

from kerasrecipes import data
from tests.data.test_array_source import arrays, stacked


def contents():
    x, y = arrays()
    return {"x_train": x, "y_train": y, "x_test": x[:8], "y_test": y[:8]}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_sets_and_names(tmp_path, save):
    path = tmp_path / "shapes.npz"
    stored = contents()
    save(path, **stored, class_names=np.array(["a", "b", "c", "dé"]), other=np.zeros(3))
    loaded = data.load(str(path))
    assert loaded.name == "shapes"
    assert loaded.class_names == ("a", "b", "c", "dé")
    np.testing.assert_array_equal(stacked(loaded.train)[0], stored["x_train"])
    np.testing.assert_array_equal(stacked(loaded.test)[1], stored["y_test"])
    assert loaded.validation is None
    carved = data.load(path, split=(0.9, 0.1))
    assert (carved.train_size, carved.validation_size, carved.test_size) == (36, 4, 8)


def test_own_validation(tmp_path):
    path = tmp_path / "shapes.npz"
    stored = contents()
    x, y = stored["x_test"][:4], stored["y_test"][:4]
    np.savez(path, **stored, x_validation=x, y_validation=y)
    np.testing.assert_array_equal(stacked(data.load(path).validation)[0], x)


@pytest.mark.parametrize("key", ["x_train", "y_train", "x_test", "y_test"])
def test_a_missing_key_says_which_are_there(tmp_path, key):
    path = tmp_path / "shapes.npz"
    stored = contents()
    del stored[key]
    np.savez(path, **stored)
    with pytest.raises(ValueError) as error:
        data.load(path)
    assert str(error.value) == f"{path}: missing {key}; it holds {', '.join(stored)}"


def test_names_with_escape_sequences_are_quoted(tmp_path):
    path = tmp_path / "\x1b[31m\nshapes.npz"
    np.savez(path, **{"x_train": 1, "y\x1b[2J\n": 2})
    with pytest.raises(ValueError) as error:
        data.load(path)
    assert str(error.value).isprintable() and r"\x1b[31m\nshapes.npz" in str(error.value)
    assert r"'y\x1b[2J\n'" in str(error.value)
    with pytest.raises(FileNotFoundError) as error:
        data.load(tmp_path / "\x1b[31mnone.npz")
    assert str(error.value).isprintable()


class Trap:
    def __reduce__(self):
        return print, ("a pickle has been read",)


def pickled(path):
    objects = {key: np.array([Trap(), Trap()], object) for key in contents()}
    np.savez(path, **objects)


def text(path):
    path.write_bytes(b"not a zip file")


def empty(path):
    path.write_bytes(b"")


def truncated(path):
    np.savez(path, **contents())
    path.write_bytes(path.read_bytes()[:-500])


def flipped(path):
    np.savez_compressed(path, **contents())
    whole = bytearray(path.read_bytes())
    whole[900] ^= 0xFF
    path.write_bytes(whole)


def single_array(path):
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))


@pytest.mark.parametrize("spoil", [pickled, text, empty, truncated, flipped, single_array])
def test_a_bad_file_is_one_line_that_names_it(tmp_path, spoil, capsys):
    path = tmp_path / "bad.npz"
    spoil(path)
    with pytest.raises(ValueError) as error:
        data.load(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)
    assert "a pickle has been read" not in capsys.readouterr().out
