"""What `pipeline` reads: sources in Python, streams that fall back, and what it refuses."""

import warnings

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasrecipes import augment, data
from tests.augment.oracles import drawn_photo, jpeg

COUNT = 7
IMAGES = [drawn_photo(20 + number, 30) for number in range(COUNT)]


class Torch:
    """What a PyTorch `Dataset` is: a length, and items by a Python integer."""

    def __init__(self, images, labels):
        self.images, self.labels = images, labels

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        assert type(index) is int
        return self.images[index], self.labels[index]


def pixels_of(dataset, **options):
    options = {"batch_size": 3, "training": False, **options}
    taken = list(augment.pipeline(dataset, [augment.CenterCrop(16)], **options).take(4))
    return [np.concatenate(part) for part in zip(*taken)]


PYTHON = {
    "list": list(zip(IMAGES, range(COUNT))),
    "torch": Torch(IMAGES, list(range(COUNT))),
    "pillow": Torch([Image.fromarray(image) for image in IMAGES], np.arange(COUNT, dtype="int32")),
    "column": Torch(IMAGES, np.arange(COUNT)[:, np.newaxis]),
    "bytes": [(jpeg(image, 100, subsampling=0), label) for label, image in enumerate(IMAGES)],
}


@pytest.mark.parametrize("kind", PYTHON)
@pytest.mark.slow
def test_sources_in_python_give_what_a_tensorflow_dataset_gives(kind):
    def generate():
        yield from zip(IMAGES, range(COUNT))

    spec = (tf.TensorSpec((None, None, 3), "uint8"), tf.TensorSpec((), "int64"))
    stream = tf.data.Dataset.from_generator(generate, output_signature=spec)
    stream = stream.apply(tf.data.experimental.assert_cardinality(COUNT))
    tolerance = 12 if kind == "bytes" else 0
    for options in ({}, {"start_step": 1}, {"training": True, "shuffle": False, "start_step": 4}):
        images, labels = pixels_of(PYTHON[kind], **options)
        expected = pixels_of(stream, **options)
        np.testing.assert_allclose(images, expected[0], atol=tolerance)
        np.testing.assert_array_equal(labels, expected[1])
        assert labels.ndim == 1


def test_a_source_in_python_is_shuffled_as_a_whole_and_read_from_the_start_step_on():
    read = []

    class Noted(Torch):
        def __getitem__(self, index):
            read.append(index)
            return np.zeros((4, 4, 3), "uint8"), index

    source = Noted([None] * 600, [])
    batches = augment.pipeline(source, [], 60, True, start_step=9, threads=1)
    _, labels = next(iter(batches))
    assert batches.steps_per_pass == 10 and set(read[:1]) == {0}  # the first says what all are
    assert set(labels.numpy().tolist()) <= set(read) and len(set(read)) <= 1 + 60 * 4


def test_bytes_keep_zeros_at_their_end():
    stored = jpeg(IMAGES[0]) + bytes(5)
    seen = []

    class Keep(augment.DecodeImage):
        def __call__(self, image, seed=0):
            tf.py_function(lambda value: seen.append(value.numpy()), [image], [])
            return super().__call__(image)

    list(augment.pipeline([(stored, 0)] * 2, [Keep()], 2, False))
    assert seen == [stored] * 2


@pytest.mark.slow
def test_shuffling_in_part_only_is_a_warning_that_says_what_to_do():
    stream = tf.data.Dataset.range(12_000).map(lambda index: (tf.zeros((2, 2, 3)), index))
    with pytest.warns(UserWarning, match="12,000 images .* buffer of 10,000 only.*shuffle=12000"):
        augment.pipeline(stream, [], 4, True)
    with pytest.warns(UserWarning, match="`start_step`"):
        augment.pipeline(stream, [], 4, True, start_step=9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        augment.pipeline(stream, [], 4, True, shuffle=12_000)
        augment.pipeline(stream, [], 4, True, shuffle=False)
        augment.pipeline(stream, [], 4, False)
        augment.pipeline(stream.take(10_000), [], 4, True)


def test_a_part_of_a_source_is_a_source():
    x = np.random.default_rng(0).integers(0, 256, (40, 6, 5, 3), dtype=np.uint8)
    y = np.arange(40) % 4
    source = data.load((x, y, x[:4], y[:4])).train
    picks = (slice(5, 20, 3), np.array([7, 3, 3]), [1, 2], y == 2, slice(None, None, -1), slice(0))
    for key in picks:
        part = source[key]
        assert len(part) == len(x[key]) and repr(len(part)) in repr(part)
        for (image, label), expected, number in zip(part, x[key], y[key], strict=True):
            np.testing.assert_array_equal(image, expected)
            assert label == number and type(label) is int
        np.testing.assert_array_equal(part.labels, y[key])
    last, label = source[-1]
    assert isinstance(last, np.ndarray) and type(label) is int
    np.testing.assert_array_equal(last, x[-1])
    np.testing.assert_array_equal(source[np.int64(3)][0], x[3])
    assert len(source.take(9)) == 9 and len(source[10:][::2][1:3]) == 2
    np.testing.assert_array_equal(source[10:][::2][1:3][0][0], x[12])
    for key in (40, -41, None, 1.5, (1, 2), np.zeros((2, 2), int)):
        with pytest.raises(IndexError):
            source[key]
    batches = augment.pipeline(source[:10], [], 5, True)
    assert batches.steps_per_pass == 2
    assert sum(image.shape[0] for image, _ in source.dataset().batch(7)) == 40


PIXELS = tf.data.Dataset.from_tensor_slices(np.zeros((4, 8, 8, 3), "uint8"))
LABELLED = tf.data.Dataset.zip(PIXELS, tf.data.Dataset.range(4))


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (LABELLED.map(lambda x, y: {"image": x, "label": y}), "dicts with the keys 'image'"),
        (PIXELS, "images without labels"),
        (LABELLED.map(lambda x, y: (x, y, 1.0)), "tuples of 3"),
        (LABELLED.map(lambda x, y: ({"a": x}, y)), "one tensor each"),
        (LABELLED.batch(2), "unbatch"),
        (LABELLED.map(lambda x, y: (x[..., 0], y)), "single images"),
        (7, "type int"),
        (np.zeros((4, 8, 8, 3), "uint8"), "dataset"),
        ((np.zeros((4, 8, 8, 3), "uint8"), np.arange(4)), "dataset"),
        ([], "0 images"),
        ([np.zeros((8, 8, 3), "uint8")], "pairs"),
        ([{"image": 1}], "type dict"),
        ([(np.zeros((3, 8, 8), "float32"), 0)], "channels last"),
        ([(np.zeros((2, 8, 8, 3), "uint8"), 0)], "single images"),
        ([(np.zeros((8, 8, 3), "uint8"), "cat")], "labels that are numbers"),
        ([(Image.new("P", (8, 8)), 0)], "mode P"),
        ([(Image.new("RGBA", (8, 8)), 0)], "mode RGBA"),
    ],
)
def test_what_is_no_pair_of_an_image_and_a_label_is_refused(dataset, message):
    with pytest.raises((TypeError, ValueError), match=message) as error:
        augment.pipeline(dataset, [], 2, False)
    assert "`dataset`" in str(error.value) and "\n" not in str(error.value)


def test_images_of_another_kind_than_the_first_are_named():
    source = [(np.zeros((8, 8, 3), "uint8"), 0), (np.zeros((8, 8, 3), "float32"), 0)]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"dataset\[1\] of float32"):
        list(augment.pipeline(source, [], 2, False))


@pytest.mark.parametrize("labels", [[1, 2, 3, 4], [0, 1, -1, 2]])
@pytest.mark.parametrize("column", [False, True])
def test_a_label_outside_the_classes_is_an_error_that_names_it(labels, column):
    y = np.array(labels, "int32")[:, np.newaxis] if column else np.array(labels)
    dataset = tf.data.Dataset.from_tensor_slices((np.zeros((4, 8, 8, 3), "uint8"), y))
    batches = augment.pipeline(dataset, [], 4, False, num_classes=4)
    wrong = [label for label in y.ravel() if not 0 <= label < 4]
    index = y.ravel().tolist().index(wrong[0])
    message = rf"labels must be in 0..3.*\[{wrong[0]}\].*\[{index}\]"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        next(iter(batches))


def test_labels_in_a_column_are_flattened():
    y = np.array([[3], [1], [0], [2]])
    dataset = tf.data.Dataset.from_tensor_slices((np.zeros((4, 8, 8, 3), "uint8"), y))
    _, labels = next(iter(augment.pipeline(dataset, [], 4, False)))
    np.testing.assert_array_equal(labels, y[:, 0])
    _, labels = next(iter(augment.pipeline(dataset, [], 4, False, num_classes=4)))
    np.testing.assert_array_equal(labels, np.eye(4)[y[:, 0]])


@pytest.mark.slow
def test_one_hot_labels_and_num_classes_do_not_go_together():
    one_hot = np.eye(4, dtype="float32")
    dataset = tf.data.Dataset.from_tensor_slices((np.zeros((4, 8, 8, 3), "uint8"), one_hot))
    with pytest.raises(ValueError, match="`num_classes` makes integer labels one-hot.*float32"):
        augment.pipeline(dataset, [], 4, False, num_classes=4)
    mixed = augment.pipeline(dataset, [augment.MixUp(0.4)], 4, True)
    np.testing.assert_allclose(tf.reduce_sum(next(iter(mixed))[1], 1), np.ones(4), atol=1e-6)
