"""Batches of images in memory, read and transformed at once: the same as one by one."""

import dataclasses
import warnings

import numpy as np
import pytest
import tensorflow as tf

from kerasrecipes import augment, data
from kerasrecipes.augment import draws
from tests.augment.contract_table import CONTRACT
from tests.augment.oracles import drawn_photo

COUNT, CLASSES = 23, 4
IMAGES = np.stack([np.roll(drawn_photo(24, 24), shift, axis=0) for shift in range(COUNT)])
LABELS = np.arange(COUNT) % CLASSES
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of few images, and one of them in both sets
    SOURCE = data.load((IMAGES, LABELS, IMAGES[:1], LABELS[:1])).train
CROPS = [augment.PadCrop(20, 3), augment.RandomFlip()]
SEVERAL = {
    "none": [],
    "crop": CROPS,
    "crop, colour": [*CROPS, augment.ColorJitter(0.4, 0.4, 0.4), augment.Normalize(120, 60)],
    "crop twice": [*CROPS, augment.PadCrop(24), augment.Normalize(120, 60)],
    "at once between": [
        augment.PadCrop(22, 3),
        augment.CenterCrop(20),
        augment.RandomScaleCrop(16),
    ],
    "one by one, mixed": [augment.RandomScaleCrop(16), *CROPS, augment.CutMix(), augment.MixUp()],
}


def both(transforms, batch_count, source=SOURCE, **options):
    """Return the batches of the pipeline, and those of the same source read one by one."""
    options = {"batch_size": 5, "training": True, "seed": 3, "num_classes": CLASSES, **options}
    found = []
    for one in (source, dataclasses.replace(source, in_memory=False)):
        batches = augment.pipeline(one, transforms, **options)
        taken = [[part.numpy() for part in batch] for batch in batches.take(batch_count)]
        found.append((batches, taken))
    (batches, whole), (other, alone) = found
    assert "batch" in [name for name, *_ in other.stages]
    assert "batch" not in [name for name, *_ in batches.stages]
    assert batches.element_spec == other.element_spec
    assert batches.cardinality() == other.cardinality()
    return whole, alone


def assert_same(whole, alone):
    assert len(whole) == len(alone) > 0
    for (images, labels), (other_images, other_labels) in zip(whole, alone):
        assert images.dtype == other_images.dtype and labels.dtype == other_labels.dtype
        np.testing.assert_array_equal(images, other_images)
        np.testing.assert_array_equal(labels, other_labels)


@pytest.mark.parametrize("training", [True, False], ids=["training", "test"])
@pytest.mark.parametrize("name", CONTRACT)
@pytest.mark.slow
def test_every_transform_gives_the_same_bits(name, training):
    transform = CONTRACT[name].make()
    whole, alone = both([transform], 6, training=training, start_step=3)
    assert_same(whole, alone)
    assert [len(labels) for _, labels in whole] == ([5, 3, 5, 5, 5, 5] if training else [5, 3])
    if training and CONTRACT[name].random:
        assert np.ptp(np.concatenate([images.reshape(len(images), -1) for images, _ in whole])) > 0


OPTIONS = {
    "endless": {},
    "resumed": {"start_step": 8, "threads": 3},
    "sharded": {"drop_remainder": True, "shard": (1, 2), "batch_size": 4},
    "one small batch": {"shuffle": False, "batch_size": 64},
    "test shard": {"training": False, "shard": (1, 3)},
    "test full batches": {"training": False, "drop_remainder": True, "start_step": 1},
    "test end": {"training": False, "start_step": 5},
}
# One by one, all options are alike: CI tries one of them.
PAIRS = [
    pytest.param(
        name,
        option,
        marks=pytest.mark.soak if name == "one by one, mixed" and option != "endless" else (),
    )
    for name in SEVERAL
    for option in OPTIONS
]


@pytest.mark.parametrize(("name", "option"), PAIRS)
@pytest.mark.slow
def test_the_same_bits_for_several_transforms_and_every_option(name, option):
    options = OPTIONS[option]
    whole, alone = both(SEVERAL[name], 11, **options)
    if option == "test end":
        assert whole == alone == []
        return
    assert_same(whole, alone)


@pytest.mark.parametrize("channels", [None, 1])
def test_a_crop_of_images_as_they_are_is_the_resampled_one(channels):
    crop = augment.CenterCrop(17, 24, channels)
    resampled = tf.function(crop, input_signature=[tf.TensorSpec([None, None, 3], tf.uint8)])
    expected = np.stack([resampled(image) for image in IMAGES])
    images = np.concatenate([images for images, _ in augment.pipeline(SOURCE, [crop], 8, False)])
    np.testing.assert_array_equal(images, expected)
    if channels is None:
        np.testing.assert_array_equal(images, IMAGES[:, 4:21, 4:21].astype("float32"))
    np.testing.assert_array_equal(crop(IMAGES[3]), expected[3])


@pytest.mark.slow
def test_labels_stay_integers_without_a_number_of_classes():
    whole, alone = both(CROPS, 6, num_classes=None)
    assert_same(whole, alone)
    assert whole[0][1].dtype == np.int64


@pytest.mark.slow
def test_a_part_of_a_source_is_read_at_once_too():
    assert_same(*both(CROPS, 6, source=SOURCE[3:20][::-1]))


def test_a_label_outside_the_classes_is_named():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`num_classes` is 3.*\[3"):
        both([], 1, num_classes=3, shuffle=False)


def test_only_arrays_are_read_at_once():
    listed = list(zip(IMAGES, LABELS))
    stages = augment.pipeline(listed, CROPS, 5, True).stages
    assert [name for name, *_ in stages] == ["read", "PadCrop", "batch", "RandomFlip"]


@pytest.mark.slow
def test_each_transform_of_each_image_has_draws_of_its_own():
    crop, flip = CROPS
    batches = [batch for batch, _ in augment.pipeline(SOURCE, CROPS, 5, True, seed=3).take(10)]
    images = np.concatenate(batches)
    for position in (0, 4, 5, 22, 23, 24, 45):
        epoch, place = divmod(position, COUNT)
        of_epoch = draws.fold(3, epoch)
        index = int(tf.random.experimental.index_shuffle(place, of_epoch, COUNT - 1))
        seed = draws.fold(of_epoch, index)
        alone = flip(crop(IMAGES[index], draws.fold(seed, 0)), draws.fold(seed, 1))
        np.testing.assert_array_equal(images[position], alone)


class Bright(augment.CenterCrop):
    def __call__(self, image, seed=0):
        return super().__call__(image, seed) + 100.0


class Dark(augment.CenterCrop):
    def _from_pixels(self, images):
        return super()._from_pixels(images) - 100.0


@pytest.mark.parametrize("kind", [Bright, Dark])
@pytest.mark.slow
def test_what_a_subclass_changes_is_in_whole_batches_too(kind):
    whole, alone = both([kind(20)], 2)
    assert_same(whole, alone)
    expected, _ = both([augment.CenterCrop(20)], 1)
    change = 100.0 if kind is Bright else -100.0
    np.testing.assert_array_equal(whole[0][0], expected[0][0] + change)


def test_a_subclass_whose_form_for_a_device_leaves_out_its_change_is_refused():
    with pytest.raises(ValueError, match=r"Bright changes `__call__`.*Received: Bright\(size=20"):
        augment.OnDevice([Bright(20)])
