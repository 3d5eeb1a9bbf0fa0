"""TensorFlow Datasets: its own mock and `ImageFolder`, no network, no package."""

import sys
import warnings

import numpy as np
import pytest
import tensorflow as tf

from kerasrecipes import data
from tests.data.drawn_images import draw, encoded, write, write_classes

tfds = pytest.importorskip("tensorflow_datasets")

pytestmark = pytest.mark.filterwarnings("ignore:.*no training image of class")


@pytest.fixture
def mocked():
    with tfds.testing.mock_data(num_examples=60):
        yield


def pairs(dataset):
    return list(dataset)


@pytest.mark.parametrize("name", ["\x1b[31mmnist", "mnist\n", "mnist/\x1b[2J:1.0.0"])
def test_names_with_escape_sequences_are_quoted(name):
    with pytest.raises((ValueError, FileNotFoundError)) as error:
        data.load(f"tfds:{name}")
    assert str(error.value).isprintable(), repr(str(error.value))


@pytest.mark.slow
def test_images_stay_encoded(mocked):
    loaded = data.load("tfds:mnist")
    assert loaded.name == "tfds:mnist" and loaded.encoded
    assert loaded.class_names == tuple("0123456789")
    assert (loaded.channels, loaded.short_side) == (1, 28)
    assert (loaded.train_size, loaded.test_size) == (60, 60)
    assert len(loaded.train) == int(loaded.train.dataset().cardinality()) == 60
    assert not hasattr(loaded.train, "__getitem__")
    read = tfds.load("mnist", split="train", as_supervised=True)
    assert loaded.train.element_spec == (tf.TensorSpec((), tf.string), tf.TensorSpec((), tf.int64))
    for (image, label), (expected, expected_label) in zip(loaded.train, read):
        assert tf.io.decode_image(image).shape == expected.shape
        assert int(label) == int(expected_label)


@pytest.mark.slow
def test_jpeg_of_any_size(mocked):
    loaded = data.load("tfds:imagenette")
    images = [tf.io.decode_jpeg(image) for image, _ in loaded.train]
    assert loaded.channels == 3
    assert loaded.short_side == int(np.median([min(image.shape[:2]) for image in images]))


@pytest.mark.slow
def test_validation_is_carved_by_class_and_seed(mocked):
    whole = data.load("tfds:mnist")
    loaded, again, other = (
        data.load("tfds:mnist", split=(0.75, 0.25), seed=seed) for seed in (1, 1, 2)
    )
    assert (loaded.train_size, loaded.validation_size, loaded.test_size) == (45, 15, 60)
    assert len(loaded.validation) == int(loaded.validation.dataset().cardinality()) == 15
    parts = pairs(loaded.train) + pairs(loaded.validation)
    assert sorted(parts) == sorted(pairs(whole.train))
    assert pairs(loaded.validation) == pairs(again.validation) != pairs(other.validation)


def image_folder(path, splits):
    for name, count in splits.items():
        write_classes(path / name, count=count)
    return tfds.folder_dataset.ImageFolder(path)


def test_image_folder_with_its_own_sets(tmp_path):
    splits = {"train": 10, "validation": 3, "test": 2, "other": 1}
    loaded = data.load(image_folder(tmp_path, splits))
    assert loaded.name == "tfds:image_folder" and loaded.encoded
    assert loaded.class_names == ("cat", "dog") and loaded.short_side == 30
    assert (loaded.train_size, loaded.validation_size, loaded.test_size) == (20, 6, 4)
    stored = {
        path.read_bytes(): ["cat", "dog"].index(path.parent.name)
        for path in (tmp_path / "test").rglob("*.jpg")
    }
    assert dict(pairs(loaded.test)) == stored


@pytest.mark.slow
def test_a_single_split_is_divided(tmp_path):
    loaded = data.load(image_folder(tmp_path, {"train": 20}))
    assert (loaded.train_size, loaded.validation_size, loaded.test_size) == (32, 4, 4)
    parts = [pairs(part) for part in (loaded.train, loaded.validation, loaded.test)]
    assert [sorted(label for _, label in part) for part in parts[1:]] == [[0, 0, 1, 1]] * 2
    assert len({image for part in parts for image, _ in part}) == 40


def test_an_image_that_does_not_decode(tmp_path):
    write(write_classes(tmp_path / "train"), {"cat/0.jpg": b"not an image"})
    with pytest.raises(ValueError, match="tfds:image_folder: holds an image that is not"):
        data.load(tfds.folder_dataset.ImageFolder(tmp_path))


class DrawnShapes(tfds.core.GeneratorBasedBuilder):
    """A data set that is prepared without a network."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        label = tfds.features.ClassLabel(names=["cat", "dog"])
        features = {"picture": tfds.features.Image(encoding_format="jpeg"), "animal": label}
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features), supervised_keys=("picture", "animal")
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(20), "test": self._generate_examples(5)}

    def _generate_examples(self, count):
        for index in range(count):
            image = np.asarray(draw(index, (40 + index, 30)))
            yield index, {"picture": image, "animal": index % 2}


@pytest.mark.slow
def test_a_data_set_is_prepared_stored_and_read_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("kerasrecipes.data.tfds_source._is_online", lambda: False)
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path))
    loaded = data.load("tfds:drawn_shapes")
    monkeypatch.setattr(DrawnShapes, "download_and_prepare", None)  # not called a second time
    again = data.load("tfds:drawn_shapes")
    assert (tmp_path / "drawn_shapes" / "1.0.0" / "dataset_info.json").exists()
    assert (loaded.train_size, loaded.validation_size, loaded.test_size) == (20, 0, 5)
    assert loaded.class_names == ("cat", "dog") and loaded.encoded and loaded.short_side == 30
    assert pairs(loaded.train) == pairs(again.train) == pairs(loaded.train)
    assert all(image.startswith(b"\xff\xd8\xff") for image, _ in pairs(loaded.train))
    assert sorted(label for _, label in pairs(loaded.train)) == [0] * 10 + [1] * 10
    assert capsys.readouterr() == ("", "")


def mock_generator(images, labels):
    def as_dataset(self, *args, **kwargs):
        def examples():
            for image, label in zip(images, labels):
                yield {"image": image, "label": label}

        signature = {
            "image": tf.TensorSpec((None, None, 1), tf.uint8),
            "label": tf.TensorSpec((), tf.int64),
        }
        return tf.data.Dataset.from_generator(examples, output_signature=signature)

    return as_dataset


def test_images_that_come_decoded_and_uncounted():
    images = [np.full((10 + index, 20, 1), index, np.uint8) for index in range(20)]
    labels = np.arange(20) % 10
    with tfds.testing.mock_data(as_dataset_fn=mock_generator(images, labels)):
        loaded = data.load("tfds:mnist")
        assert not loaded.encoded and loaded.channels == 1
        assert loaded.train_size == len(loaded.train) == 20
        assert loaded.short_side == int(np.median(np.minimum(np.arange(10, 30), 20)))
        for (image, _), expected in zip(loaded.train, images):
            np.testing.assert_array_equal(image, expected)


def test_labels_out_of_range():
    images = [np.zeros((8, 8, 1), np.uint8)] * 4
    with (
        tfds.testing.mock_data(as_dataset_fn=mock_generator(images, [0, 1, 2, 10])),
        pytest.raises(ValueError, match="labels of the train set must be in 0..9"),
    ):
        data.load("tfds:mnist")


def test_a_split_published_without_labels_is_left_out(tmp_path, monkeypatch):
    builder = image_folder(tmp_path, {"train": 5, "test": 3})
    original = builder._as_dataset

    def bare(split, **options):
        dataset = original(split, **options)
        if split == "train":
            return dataset
        return dataset.map(lambda example: {**example, "label": tf.constant(-1, tf.int64)})

    monkeypatch.setattr(builder, "_as_dataset", bare)
    with pytest.warns(UserWarning, match="test has no labels and is left out"):
        loaded = data.load(builder)
    assert (loaded.train_size, loaded.validation_size, loaded.test_size) == (8, 1, 1)


@pytest.mark.parametrize(
    "name, message",
    [
        ("cifar1O", "no such data set. Did you mean cifar10"),
        ("mnist/colourful", "tfds:mnist/colourful: .*colourful not found"),
        ("", "tfds:: "),
        ("coco", "not a data set of images with one class each"),
    ],
)
def test_names_that_cannot_be_used(mocked, name, message):
    with pytest.raises(ValueError, match=message) as error:
        data.load(f"tfds:{name}")
    assert "\n" not in str(error.value)


def test_no_split_train(tmp_path):
    with pytest.raises(ValueError, match="no split train. It has: learn"):
        data.load(image_folder(tmp_path, {"learn": 2}))


def test_without_a_network_it_fails_at_once_and_in_one_line(tmp_path, monkeypatch, capsys):
    import requests
    from tensorflow_datasets.core.download import downloader

    attempts = []

    def no_network(self, method, url, **kwargs):
        attempts.append(self.get_adapter(url).max_retries.total)
        raise requests.exceptions.ConnectionError("Name or service not known\nat all")

    monkeypatch.setattr(requests.Session, "request", no_network)
    monkeypatch.setattr("kerasrecipes.data.tfds_source._is_online", lambda: False)
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    retries = downloader.MAX_RETRIES
    with pytest.raises(FileNotFoundError) as error:
        data.load("tfds:cifar10")
    text = str(error.value)
    assert "\n" not in text
    assert "Name or service not known" in text and "tfds build cifar10" in text
    assert str(tmp_path) in text
    assert set(attempts) == {0} and retries == downloader.MAX_RETRIES
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("reachable", [True, False])
def test_whether_there_is_a_network(monkeypatch, reachable):
    from kerasrecipes.data import tfds_source

    def connect(address, timeout):
        if not reachable:
            raise OSError("unreachable")
        return type("Socket", (), {"close": lambda self: None})()

    monkeypatch.setattr("urllib.request.getproxies", dict)
    monkeypatch.setattr("socket.create_connection", connect)
    assert tfds_source._is_online() is reachable
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"https": "proxy"})
    assert tfds_source._is_online() is True


def test_without_the_package_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ImportError, match=r"pip install 'kerasrecipes\[tfds\]'"):
        data.load("tfds:mnist")


def test_no_warning_for_a_good_source(tmp_path):
    builder = image_folder(tmp_path, {"train": 5, "test": 3})
    write(tmp_path, {"train/cat/more.png": encoded(draw(9), "PNG")})
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert data.load(builder).train_size == 10
