"""Tables of files and labels: any delimiter and header, every bad row named by its line."""

import csv
import warnings

import keras
import numpy as np
import pytest

from kerasrecipes import augment, data
from tests.data.drawn_images import draw, encoded, write

pytestmark = pytest.mark.filterwarnings("ignore:.*fewer than 10", "ignore:.*of them under another")
COUNT = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    images = {f"img/{i:02}.jpg": encoded(draw(i, (40 + i, 30))) for i in range(COUNT)}
    return write(tmp_path_factory.mktemp("table"), images)


def write_table(folder, rows, name="labels.csv", delimiter=","):
    with open(folder / name, "w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return folder / name


def rows_of(label, *more):
    return [[f"img/{i:02}.jpg", label(i), *(part(i) for part in more)] for i in range(COUNT)]


def kind(i):
    return ("cat", "dog", "eel")[i % 3]


def labels_by_file(loaded):
    """File name -> label, over all sets."""
    found = {}
    for images in (loaded.train, loaded.validation, loaded.test):
        for index, label in enumerate(() if images is None else images.labels):
            found[images.name_of(index)[-6:-4]] = label
    return found


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("header", [["filename", "label"], ["Image", "Class"], None])
def test_delimiter_and_header_are_found_out(folder, delimiter, header):
    rows = rows_of(kind)
    path = write_table(folder, [header, *rows] if header else rows, delimiter=delimiter)
    loaded = data.load(path, strict=True)
    assert loaded.class_names == ("cat", "dog", "eel") and loaded.name == "labels.csv"
    assert labels_by_file(loaded) == {f"{i:02}": i % 3 for i in range(COUNT)}
    assert loaded.train_size + loaded.validation_size + loaded.test_size == COUNT
    assert loaded.train[0][0][:3] == b"\xff\xd8\xff"


def test_columns_are_given_by_name_and_sets_by_a_column(folder):
    split = ("train", "train", "train", "valid", "test_set", "train")
    header = ["id", "what", "picture", "part"]
    rows = [[i, kind(i), f"img/{i:02}.jpg", split[i % 6]] for i in range(COUNT)]
    path = write_table(folder, [header, *rows])
    columns = {"image_column": "picture", "label_column": "what", "split_column": "part"}
    loaded = data.load(str(path), strict=True, **columns)
    sizes = (loaded.train_size, loaded.validation_size, loaded.test_size)
    assert sizes == (COUNT * 4 // 6, COUNT // 6, COUNT // 6)
    assert labels_by_file(loaded) == {f"{i:02}": i % 3 for i in range(COUNT)}
    with pytest.raises(ValueError, match="has the columns id, what, picture, part"):
        data.load(path)
    with pytest.raises(ValueError, match="image_column='photo'"):
        data.load(path, image_column="photo")


@pytest.mark.slow
def test_bad_rows_are_named_by_their_lines_and_skipped(folder):
    rows = [["file", "label", "split"], *rows_of(kind, lambda i: "train" if i % 4 else "test")]
    (folder / "broken.jpg").write_bytes(b"hello")
    rows.insert(3, ["img/none.jpg", "cat", "train"])  # line 4
    rows.insert(5, ["img/00.jpg", "", "train"])
    rows.insert(6, ["img/00.jpg", "cat"])
    rows.insert(7, ["", "cat", "train"])
    rows.insert(8, ["img/00.jpg", "cat", "holiday"])
    rows.insert(9, ["broken.jpg", "cat", "test"])
    path = write_table(folder, rows)
    with pytest.warns(UserWarning, match="6 of 30 images cannot be used"):
        loaded = data.load(path)
    assert loaded.train_size + loaded.test_size == COUNT
    reasons = {place.split("line ")[1].split(":")[0]: why for place, why in loaded.skipped}
    assert sorted(reasons, key=int) == ["4", "6", "7", "8", "9", "10"]
    assert "No such file" in reasons["4"] and reasons["6"] == "no label"
    assert reasons["7"] == "2 cells instead of 3" and "holiday" in reasons["9"]
    with pytest.raises(ValueError, match="labels.csv, line 7"):
        data.load(path, strict=True)


@pytest.mark.slow
def test_several_labels_in_a_cell(folder):
    tags = lambda i: ";".join(name for name, step in (("a", 2), ("b", 3)) if i % step == 0)  # noqa: E731
    path = write_table(folder, [["image", "tags"], *rows_of(tags)])
    loaded = data.load(path, task="multilabel", strict=True)
    assert loaded.class_names == ("a", "b") and loaded.task == "multilabel"
    for name, label in labels_by_file(loaded).items():
        assert label.tolist() == [int(name) % 2 == 0, int(name) % 3 == 0]
    assert sum(loaded.class_sizes) == loaded.train.labels.sum()
    image, label = loaded.train[0]
    assert label.dtype == np.float32 and label.shape == (2,)
    batches = augment.pipeline(loaded.train, [augment.CenterCrop(8)], 4, training=False)
    np.testing.assert_array_equal(next(iter(batches))[1], loaded.train.labels[:4])
    with pytest.warns(UserWarning, match="task='multilabel'"):
        data.load(
            write_table(folder, [["image", "tags"], *rows_of(lambda i: "a;b" if i % 2 else "c")])
        )


@pytest.mark.slow
def test_a_column_of_zeros_and_ones_for_each_label(folder):
    header = ["image", "red", "round"]
    rows = rows_of(lambda i: i % 2, lambda i: int(i % 3 == 0))
    path = write_table(folder, [header, *rows])
    loaded = data.load(path, task="multilabel", strict=True)
    assert loaded.class_names == ("red", "round")
    assert labels_by_file(loaded)["03"].tolist() == [1, 1]
    chosen = data.load(path, task="multilabel", label_column="round,red", strict=True)
    assert chosen.class_names == ("round", "red")
    rows[4][1] = "2"
    with pytest.raises(ValueError, match=r"line 6 \(labels must be 0 or 1: 2, 0"):
        data.load(write_table(folder, [header, *rows]), task="multilabel", strict=True)


@pytest.mark.slow
def test_numbers(folder):
    path = write_table(
        folder, [["image", "target", "other"], *rows_of(lambda i: i / 7, lambda i: -i)]
    )
    loaded = data.load(path, task="regression", strict=True)
    assert loaded.class_names == ("target",) and loaded.class_sizes is None
    for name, label in labels_by_file(loaded).items():
        assert label.tolist() == pytest.approx([int(name) / 7])
    both = data.load(path, task="regression", label_column=["other", "target"], strict=True)
    assert both.num_classes == 2 and labels_by_file(both)["03"][0] == -3
    with pytest.raises(ValueError, match="line 3 .*no finite number: 'tall'"):
        rows = [["image", "target"], *rows_of(lambda i: "tall" if i == 1 else i)]
        data.load(write_table(folder, rows), task="regression", strict=True)


class Frame(dict):
    """What of a pandas frame is read: columns, index, a column by its name."""

    index = property(lambda self: range(len(next(iter(self.values())))))
    columns = property(lambda self: list(self))

    def __len__(self):
        return len(self.index)


def test_a_frame(folder, monkeypatch):
    monkeypatch.chdir(folder)
    try:
        from pandas import DataFrame
    except ImportError:
        DataFrame = Frame
    paths = [f"img/{i:02}.jpg" for i in range(COUNT)]
    labels = [float("nan"), *(i % 3 for i in range(1, COUNT))]
    frame = DataFrame({"path": paths, "label": [str(v) for v in labels], "weight": [0.5] * COUNT})
    with pytest.warns(UserWarning, match=r"frame, row 0 \(no label\)"):
        loaded = data.load(frame)
    assert labels_by_file(loaded) == {f"{i:02}": i % 3 for i in range(1, COUNT)}
    assert set(loaded.train.weights.tolist()) == {0.5}


class NAType:
    """What pandas has for a missing value: its truth is an error."""

    def __ne__(self, other):
        return self

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")


@pytest.mark.parametrize("missing", [None, float("nan"), NAType()], ids=["None", "nan", "NA"])
def test_missing_values_of_a_frame(folder, monkeypatch, missing):
    monkeypatch.chdir(folder)
    tags = [missing, *("dog;outdoor" if i % 2 else "cat" for i in range(1, COUNT))]
    frame = Frame(path=[f"img/{i:02}.jpg" for i in range(COUNT)], tags=tags)
    loaded = data.load(frame, task="multilabel")
    assert loaded.class_names == ("cat", "dog", "outdoor")
    assert labels_by_file(loaded)["00"].tolist() == [0, 0, 0]


def test_columns_of_a_frame_have_names_of_their_own():
    frame = Frame({"path": ["a.jpg"], "label": ["cat"], 1: ["x"], "1": ["y"]})
    with pytest.raises(ValueError, match="different names"):
        data.load(frame)


@pytest.mark.slow
def test_a_column_that_is_predicted_is_no_weight(folder):
    rows = [["file", "weight"], *rows_of(lambda i: i + 0.5)]
    options = {"task": "regression", "label_column": "weight"}
    loaded = data.load(write_table(folder, rows), **options)
    assert loaded.train.weights is None and loaded.class_names == ("weight",)
    rows = [["file", "weight", "sample_weight"], *rows_of(lambda i: i + 0.5, lambda i: 2)]
    loaded = data.load(write_table(folder, rows), **options)
    assert set(loaded.train.weights.tolist()) == {2}


def test_cells_end_at_line_ends_alone(folder):
    rows = [["image", "label"], *rows_of(lambda i: f"{kind(i)}\u2028\x0bx")]
    loaded = data.load(write_table(folder, rows), strict=True)
    assert loaded.class_names == tuple(f"{name}\u2028\x0bx" for name in ("cat", "dog", "eel"))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "the table is empty"),
        ([["image", "image"], ["a.jpg", "cat"]], "different names"),
        ([["a.jpg", "b.jpg"]], "without a header"),
        ([["image", "label"], ["img/00.jpg", "cat"]], "every training image is of class 'cat'"),
        ([["image", "label"], ["img/00.jpg", ""]], "no image has a label in column 'label'"),
        ([["image", "label"], ["none.jpg", "cat"], ["no.jpg", "dog"]], "no image in train"),
        ([["image", "label", "split"], ["img/00.jpg", "cat", "test"]], "no row is of the training"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*are skipped")
def test_tables_that_cannot_be_used_are_one_line(folder, rows, words):
    with pytest.raises(ValueError, match=words) as error:
        data.load(write_table(folder, rows))
    assert "\n" not in str(error.value)


def test_columns_of_other_sources_are_an_error():
    for options in ({"task": "multilabel"}, {"image_column": "a"}):
        with pytest.raises(ValueError, match="for a CSV file"):
            data.load("fashion_mnist_sample", **options)
    with pytest.raises(ValueError, match="task"):
        data.load("fashion_mnist_sample", task="detection")


@pytest.mark.slow
def test_weights_reach_the_loss(folder):
    weight = lambda i: (0.0, 1.0, 3.0)[i % 3]  # noqa: E731
    rows = [["image", "label", "sample_weight"], *rows_of(lambda i: i % 2, weight)]
    images = data.load(write_table(folder, rows), strict=True).train
    options = {"training": True, "drop_remainder": False, "num_classes": 2}
    batches = augment.pipeline(images, [augment.CenterCrop(8)], 7, **options)
    x, y, w = (part.numpy() for part in next(iter(batches)))
    assert w.shape == (7,) and set(w) <= {0.0, 1.0, 3.0}
    every = [batch[2].numpy() for batch in batches.take(batches.steps_per_pass)]
    np.testing.assert_array_equal(np.sort(np.concatenate(every)), np.sort(images.weights))
    order = augment.pipeline(images, [augment.CenterCrop(8)], 99, training=False, weighted=True)
    pixels, labels, weights = next(iter(order))
    np.testing.assert_array_equal(weights, images.weights)
    np.testing.assert_array_equal(labels, images.labels)
    plain = augment.pipeline(images, [augment.CenterCrop(8)], 99, training=False)
    assert len(next(iter(plain))) == 2
    small = keras.layers.Rescaling(1 / 255)
    head = keras.layers.Dense(2, "softmax")
    model = keras.Sequential([keras.Input((8, 8, 3)), small, keras.layers.Flatten(), head])
    model.compile(keras.optimizers.SGD(0.0), "categorical_crossentropy")
    loss = model.fit(batches, steps_per_epoch=1, shuffle=False, verbose=0).history["loss"][0]
    p = model.predict(x, verbose=0)
    own = -np.log(np.maximum((p * y).sum(axis=1), 1e-7))
    assert loss == pytest.approx(float(np.mean(own * w)), rel=1e-3)


@pytest.mark.slow
def test_a_table_that_was_written_on_windows(folder):
    """Paths with backslashes, and the UTF-16 of a spreadsheet's Unicode text."""
    rows = [["file", "label"], *rows_of(lambda i: "ab"[i % 2])]
    text = "\r\n".join("\t".join(row).replace("/", "\\") for row in rows)
    for encoding in ("utf-8-sig", "utf-16"):
        (folder / "windows.csv").write_bytes(text.encode(encoding))
        images = data.load(folder / "windows.csv")
        assert images.class_names == ("a", "b") and images.skipped == ()
        assert images.train_size + images.validation_size + images.test_size == COUNT


@pytest.mark.filterwarnings("ignore:.*cannot be used")
def test_what_is_no_file_name_is_one_bad_row(folder):
    rows = [["file", "label"], *rows_of(lambda i: "ab"[i % 2]), ["img/\0.jpg", "a"]]
    (folder / "nul.csv").write_text("\n".join(map(",".join, rows)))
    ((place, reason),) = data.load(folder / "nul.csv").skipped
    assert reason == "not a file name" and f"line {COUNT + 2}" in place


@pytest.mark.parametrize("kind", [list, tuple, set, np.array])
def test_lists_of_labels_in_a_frame(folder, monkeypatch, kind):
    monkeypatch.chdir(folder)
    tags = [kind([["dog", "out"], ["dog"], []][i % 3]) for i in range(COUNT)]
    frame = Frame(path=[f"img/{i:02}.jpg" for i in range(COUNT)], tags=tags)
    images = data.load(frame, task="multilabel")
    assert images.class_names == ("dog", "out")
    expected = {f"{i:02}": [[1, 1], [1, 0], [0, 0]][i % 3] for i in range(COUNT)}
    assert {name: row.tolist() for name, row in labels_by_file(images).items()} == expected


@pytest.mark.parametrize("name", ["a\x1b[31m", "two\nlines", "\u202ecba"])
@pytest.mark.slow
def test_names_that_do_not_print_are_quoted(folder, name):
    where = folder / name
    where.mkdir(exist_ok=True)
    (where / "bad.png").write_bytes(b"no image")
    good = rows_of(kind, lambda i: "train", lambda i: 1)
    first = good[0][:2]
    bad = [[f"{name}/bad.png", "cat", "train", 1], [*first, name, 1], [*first, "test", name]]
    header = ["image", "label", "split", "weight"]
    for file in ("labels.csv", f"{name}.csv"):
        write_table(folder, [header, *good, *bad], file)
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            loaded = data.load(folder / file)
        text = "\n".join([str(warning.message) for warning in seen] + [*map(str, loaded.skipped)])
        shown = repr(name)[1:-1]
        assert shown in text and name not in text and name not in loaded.name


def test_names_of_a_frame_that_do_not_print_are_quoted():
    name = "a\x1b[31m"
    frame = pytest.importorskip("pandas").DataFrame({"image": ["0.png"], name: ["x"]}, index=[name])
    with pytest.raises(ValueError) as error:
        data.load(frame, task="regression", label_column=name)
    assert r"a\x1b[31m" in str(error.value) and name not in str(error.value)
