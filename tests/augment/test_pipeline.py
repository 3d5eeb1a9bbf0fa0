"""The same batches for any threads and any start; passes, labels, order."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from kerasrecipes import augment
from kerasrecipes.augment import draws
from tests.augment.oracles import drawn_photo, jpeg, png

COUNT = 23


class Tensors:
    """A source whose `element` runs in the graph, as those of the data room."""

    def __init__(self, element, count):
        self.element, self._count = element, count
        self.element_spec = self.dataset().element_spec

    def __len__(self):
        return self._count

    def __getitem__(self, index):
        image, label = self.element(tf.constant(index, tf.int64))
        return image.numpy(), int(label)

    def dataset(self):
        return tf.data.Dataset.range(self._count).map(self.element)


def by_index():
    """Return a source that is read by index."""
    images = [drawn_photo(40 + number, 60) for number in range(COUNT)]
    data = tf.constant([jpeg(image) for image in images])
    labels = tf.range(COUNT, dtype=tf.int64)
    return Tensors(lambda index: (tf.gather(data, index), tf.gather(labels, index)), COUNT)


def from_start():
    """Return the same images, to be read from the start only."""
    return by_index().dataset()


CROP = [augment.RandomScaleCrop(16, (1, 2))]
WHOLE = [*CROP, augment.RandomFlip(), augment.Normalize(127, 60)]


def batches(dataset, count, transforms=CROP, **options):
    options = {"batch_size": 5, "training": True, "seed": 3, **options}
    taken = augment.pipeline(dataset, transforms, **options).take(count)
    return [(images.numpy(), labels.numpy()) for images, labels in taken]


def assert_equal(first, second):
    assert len(first) == len(second)
    for (images, labels), (other_images, other_labels) in zip(first, second):
        np.testing.assert_array_equal(labels, other_labels)
        np.testing.assert_array_equal(images, other_images)


@pytest.mark.parametrize("dataset", [by_index, from_start])
@pytest.mark.parametrize("drop_remainder", [False, True])
@pytest.mark.slow
def test_a_start_step_gives_what_an_uninterrupted_run_gives(dataset, drop_remainder):
    dataset = dataset()
    whole = batches(dataset, 10, drop_remainder=drop_remainder)
    for start_step in (4, 7):
        late = batches(dataset, 3, drop_remainder=drop_remainder, start_step=start_step)
        assert_equal(late, whole[start_step : start_step + 3])


@pytest.mark.parametrize("dataset", [by_index, from_start])
@pytest.mark.slow
def test_batches_are_the_same_for_any_number_of_threads(dataset):
    options = {"transforms": WHOLE, "drop_remainder": True}
    expected = batches(dataset(), 12, threads=1, **options)
    for threads in (2, 8):
        assert_equal(batches(dataset(), 12, threads=threads, **options), expected)


@pytest.mark.parametrize("dataset", [by_index, from_start])
@pytest.mark.slow
def test_the_seed_of_the_program_does_not_matter(dataset):
    expected = batches(dataset(), 6)
    tf.random.set_seed(99)
    assert_equal(batches(dataset(), 6), expected)


@pytest.mark.parametrize("dataset", [by_index, from_start])
@pytest.mark.slow
def test_a_pass_shows_every_image_once_in_an_order_of_its_own(dataset):
    labels = [label for _, label in batches(dataset(), 15)]
    assert [len(label) for label in labels] == [5, 5, 5, 5, 3] * 3
    passes = [np.concatenate(labels[5 * number : 5 * number + 5]) for number in range(3)]
    for one in passes:
        assert sorted(one) == list(range(COUNT))
    assert not np.array_equal(passes[0], passes[1])
    assert not np.array_equal(passes[1], passes[2])


@pytest.mark.parametrize("dataset", [by_index, from_start])
@pytest.mark.slow
def test_dropping_the_remainder_leaves_out_others_in_each_pass(dataset):
    labels = [label for _, label in batches(dataset(), 40, drop_remainder=True)]
    assert all(len(label) == 5 for label in labels)
    passes = [set(np.concatenate(labels[4 * n : 4 * n + 4])) for n in range(10)]
    assert all(len(one) == 20 for one in passes)
    assert set.union(*passes) == set(range(COUNT))


@pytest.mark.slow
def test_another_pass_or_another_seed_has_other_draws():
    first, second = batches(by_index(), 10, shuffle=False)[::5]
    np.testing.assert_array_equal(first[1], second[1])
    assert np.all(np.any(first[0] != second[0], axis=(1, 2, 3)))
    other = batches(by_index(), 1, shuffle=False, seed=4)[0]
    assert np.all(np.any(first[0] != other[0], axis=(1, 2, 3)))


@pytest.mark.slow
def test_a_draw_depends_on_seed_pass_and_index_and_not_on_the_order():
    shuffled = batches(by_index(), 5)
    for images, labels in batches(from_start(), 4, shuffle=False, batch_size=7):
        for image, label in zip(images, labels):
            where = next(batch for batch in shuffled if label in batch[1])
            np.testing.assert_array_equal(where[0][list(where[1]).index(label)], image)


@pytest.mark.parametrize("read", ["whole batches", "one by one", "stream"])
def test_seeds_and_order_are_those_of_each_image_alone(read):
    count, drawn = 600, []  # more than are computed at once
    indexed = read != "stream"
    two = tf.fill((1, 1, 1), 2.0)
    dataset = Tensors(lambda index: (two + 0.0 * tf.cast(index, tf.float32), index), count)
    dataset = dataset if indexed else dataset.dataset()
    seed_of = [lambda image, seed: seed]
    if read == "one by one":  # as images are whose size is known only when they are read
        seed_of = [lambda image, seed: seed[: tf.cast(image[0, 0, 0], tf.int32)]]
    for seeds, labels in batches(dataset, 4, seed_of, batch_size=250, start_step=1):
        drawn += zip(labels.tolist(), seeds.tolist())
    for position in (250, 505, 506, 599, 600, 855, 856, 1099):
        number, place = divmod(position, count)
        label, seed = drawn[position - 250]
        if indexed:
            order_seed = draws.fold(3, number)
            assert label == int(tf.random.experimental.index_shuffle(place, order_seed, count - 1))
        alone = draws.fold(draws.fold(draws.fold(3, number), label), 0)
        assert seed == alone.numpy().tolist()


@pytest.mark.slow
def test_testing_is_one_pass_in_order():
    for dataset in (by_index(), from_start()):
        result = batches(dataset, 100, training=False)
        assert np.concatenate([labels for _, labels in result]).tolist() == list(range(COUNT))
        assert_equal(batches(dataset, 100, training=False, start_step=2), result[2:])
        assert len(batches(dataset, 100, training=False, drop_remainder=True)) == COUNT // 5


@pytest.mark.parametrize("dataset", [by_index, from_start])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.slow
def test_replicas_share_one_order_and_never_an_image_or_a_draw(dataset, training):
    dataset, options = dataset(), {"training": training, "drop_remainder": training}
    whole = batches(dataset, 6, batch_size=6, **options)
    parts = [batches(dataset, 6, batch_size=3, shard=(one, 2), **options) for one in (0, 1)]
    for number, (images, labels) in enumerate(whole):
        for one in (0, 1):
            np.testing.assert_array_equal(parts[one][number][1], labels[one::2])
            np.testing.assert_array_equal(parts[one][number][0], images[one::2])


@pytest.mark.slow
def test_another_process_gives_the_same_batches():
    code = (
        "from tests.augment.test_pipeline import *\n"
        "print(sum(float(i.sum()) for i, _ in batches(by_index(), 4)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = sum(float(images.sum()) for images, _ in batches(by_index(), 4))
    assert float(done.stdout) == expected


def test_nothing_before_the_start_step_is_read_by_index():
    read = []

    def element(index):
        def note(value):
            read.append(int(value))
            return value

        index = tf.numpy_function(note, [index], tf.int64)
        index.set_shape([])
        return tf.ones([4, 4, 3]), index

    source = Tensors(element, 1000)
    next(iter(augment.pipeline(source, [], 10, False, start_step=90, threads=1)))
    assert min(read) == 900


@pytest.mark.slow
def test_grey_and_colour_jpeg_and_png_make_one_batch():
    colour, grey = drawn_photo(40, 50), drawn_photo(50, 40, 1)
    data = [jpeg(colour), png(colour), jpeg(grey), png(grey)]
    dataset = tf.data.Dataset.from_tensor_slices((data, range(4)))
    for transform in (augment.RandomScaleCrop(16), augment.CenterCrop(16)):
        images, _ = next(iter(augment.pipeline(dataset, [transform], 4, False)))
        assert images.shape == (4, 16, 16, 3)
        np.testing.assert_array_equal(images[2:, ..., :1], images[2:, ..., 1:2])
        assert np.any(images[:2, ..., :1] != images[:2, ..., 1:2])


def test_encoded_images_are_decoded_when_no_transform_takes_bytes():
    image = drawn_photo(20, 30)
    dataset = tf.data.Dataset.from_tensor_slices(([png(image)] * 2, [0, 1]))
    images, _ = next(iter(augment.pipeline(dataset, [], 2, False)))
    np.testing.assert_array_equal(images[1], image)


def test_batched_and_single_calls_agree():
    images = np.stack([drawn_photo(12, 12) for _ in range(6)])
    dataset = tf.data.Dataset.from_tensor_slices((images, range(6)))
    flip = augment.RandomFlip()
    result, _ = next(iter(augment.pipeline(dataset, [flip], 6, False, seed=5)))
    for index in range(6):
        seed = augment.draws.fold(augment.draws.fold(augment.draws.fold(5, 0), index), 0)
        np.testing.assert_array_equal(result[index], flip(images[index], seed))


CROPS = [
    augment.RandomScaleCrop(24),
    augment.RandomScaleCrop(24, exact=True),
    augment.RandomResizedCrop(24),
    augment.RandomResizedCrop(24, exact=True),
    augment.CenterCrop(24),
]


@pytest.mark.parametrize("crop", CROPS, ids=repr)
@pytest.mark.parametrize("encoded", [True, False])
@pytest.mark.slow
def test_shapes_and_lengths_are_known_before_anything_is_read(crop, encoded):
    dataset = by_index()
    if not encoded:
        pixels = np.zeros((COUNT, 40, 30, 3), "uint8")
        dataset = tf.data.Dataset.from_tensor_slices((pixels, np.arange(COUNT)))
    for training in (True, False):
        given = augment.pipeline(dataset, [crop, augment.PCALighting()], 5, training)
        assert given.element_spec[0].shape.as_list() == [None, 24, 24, 3]
    assert len(given) == 5


@pytest.mark.slow
def test_one_hot_labels():
    _, labels = next(iter(augment.pipeline(by_index(), CROP, 4, True, num_classes=COUNT)))
    assert labels.shape == (4, COUNT) and labels.dtype == tf.float32
    np.testing.assert_array_equal(tf.reduce_sum(labels, 1), np.ones(4))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 2.0}, "batch_size"),
        ({"training": 1}, "training"),
        ({"seed": 1.5}, "seed"),
        ({"shuffle": 0}, "shuffle"),
        ({"shuffle": -1}, "shuffle"),
        ({"training": False, "shuffle": True}, "shuffle"),
        ({"start_step": -1}, "start_step"),
        ({"drop_remainder": None}, "drop_remainder"),
        ({"threads": 0}, "threads"),
        ({"shard": 2}, "shard"),
        ({"shard": (2, 2), "drop_remainder": True}, "shard"),
        ({"shard": (0, 2)}, "drop_remainder"),
        ({"num_classes": 0}, "num_classes"),
        ({"transforms": ["flip"]}, "transforms"),
        ({"transforms": [augment.MixUp()]}, "transforms"),
        ({"transforms": [*CROP, augment.MixUp()]}, "num_classes"),
        ({"batch_size": 24, "drop_remainder": True}, "at least one batch"),
        ({"dataset": from_start().repeat()}, "known, finite size"),
        ({"dataset": from_start().filter(lambda image, label: True)}, "known, finite size"),
    ],
)
def test_bad_input(options, message):
    arguments = {"dataset": from_start(), "transforms": [], "batch_size": 4, "training": True}
    with pytest.raises((ValueError, TypeError), match=message):
        augment.pipeline(**{**arguments, **options})


def test_a_buffer_for_data_read_by_index_warns():
    with pytest.warns(UserWarning, match="shuffle"):
        augment.pipeline(by_index(), [], 2, True, shuffle=7)


@pytest.mark.parametrize("device", [False, True])
@pytest.mark.slow
def test_mixing_in_batches_of_one_image_warns(device):
    transforms = [augment.CenterCrop(2), augment.CutMix()]
    images = [(np.zeros((4, 4, 3), "uint8"), index % 2) for index in range(6)]
    make = augment.OnDevice(transforms).batches if device else augment.pipeline
    options = {"num_classes": 2, "shard": (0, 2), "drop_remainder": True}
    if not device:
        options["transforms"] = transforms
    with pytest.warns(UserWarning, match="so that CutMix has no effect"):
        make(images, batch_size=1, training=True, **options)


@pytest.mark.parametrize("mix", [augment.MixUp(0.4), augment.CutMix()])
@pytest.mark.slow
def test_several_labels_are_mixed_as_one_hot_ones_are(mix):
    rng = np.random.default_rng(0)
    source = [
        (rng.integers(0, 256, (8, 8, 3), "uint8"), np.float32([i % 2, i % 3 == 0, 1]))
        for i in range(12)
    ]
    batches = augment.pipeline(
        source, [augment.CenterCrop(8, 8), mix], 12, training=True, shuffle=False
    )
    _, labels = next(iter(batches))
    plain = np.array([label for _, label in source])
    other = np.roll(plain, 1, axis=0)
    low, high = np.minimum(plain, other), np.maximum(plain, other)
    assert np.all((low <= labels) & (labels <= high)) and np.ptp(labels[:, 2]) == 0
    assert np.any((labels > 0) & (labels < 1))
