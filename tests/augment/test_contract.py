"""What every transform promises, for every public transform."""

import copy
import functools
import inspect
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrecipes import augment
from tests.augment.contract_table import CONTRACT
from tests.augment.oracles import drawn_photo

NO_PIXELS_IN = {"DecodeImage", "Transform"}
HAVE_NO_STRENGTH_ZERO = {"ShiftedCrops", "TenCrop"}
LABELS = np.eye(6, dtype="float32")
SEEDS = np.stack([np.arange(6), np.arange(6) + 40], axis=1)
IMAGES = np.stack([np.roll(drawn_photo(24, 24), shift, axis=0) for shift in range(6)])


def call(transform, images, seeds=SEEDS):
    """Return the images of a batch after the transform, one by one or as the batch."""
    if transform.takes_labels:
        return transform(images, LABELS, seeds)[0]
    pairs = zip(tf.constant(images), tf.constant(seeds))
    return tf.stack([traced(transform)(image, seed) for image, seed in pairs])


@functools.lru_cache
def traced(transform):
    return tf.function(transform)


def test_every_public_transform_is_in_the_table():
    public = {
        name
        for name in augment.__all__
        if inspect.isclass(getattr(augment, name))
        and issubclass(getattr(augment, name), augment.Transform)
    }
    assert public - NO_PIXELS_IN == set(CONTRACT)


@pytest.mark.parametrize("name", CONTRACT)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_dtype_range_and_shape(name, dtype):
    row = CONTRACT[name]
    result = call(row.make(), IMAGES.astype(dtype))
    assert result.dtype == (dtype if row.keeps_dtype else "float32")
    side = row.size or 24
    expected = (6, 10, 16, 16, 3) if name in HAVE_NO_STRENGTH_ZERO else (6, side, side, 3)
    assert result.shape == expected
    if row.in_range:
        assert np.min(result) >= 0 and np.max(result) <= 255.001


@pytest.mark.parametrize("name", sorted(CONTRACT.keys() - HAVE_NO_STRENGTH_ZERO))
def test_strength_zero_is_the_identity(name):
    flat = IMAGES // 2 * 2  # auto contrast and equalize have no strength, and are left out
    transform = CONTRACT[name].identity()
    seeds = SEEDS
    if name == "TrivialAugment":
        chosen = [int(augment.draws.integers(augment.draws.fold(s, 0), 0, 13)) for s in SEEDS]
        keep = [number for number, one in enumerate(chosen) if one not in (1, 2)]
        flat, seeds = flat[keep], SEEDS[keep]
    np.testing.assert_allclose(call(transform, flat, seeds), flat, atol=2e-3)


@pytest.mark.parametrize("name", CONTRACT)
def test_the_same_seed_gives_the_same_and_another_seed_another(name):
    transform = CONTRACT[name].make()
    first, again = call(transform, IMAGES), call(transform, IMAGES)
    np.testing.assert_array_equal(first, again)
    if CONTRACT[name].random:
        other = np.stack([call(transform, IMAGES, SEEDS + 1000 * k) for k in (1, 2)])
        assert np.any(other != np.asarray(first))


@pytest.mark.parametrize("name", CONTRACT)
def test_serialises(name):
    transform = CONTRACT[name].make()
    config = keras.saving.serialize_keras_object(transform)
    assert config["registered_name"] == f"kerasrecipes>{name}"
    again = keras.saving.deserialize_keras_object(config)
    assert again.get_config() == transform.get_config()
    if not transform.takes_labels:
        seeds = tf.constant(SEEDS[0])
        np.testing.assert_array_equal(again(IMAGES[0], seeds), transform(IMAGES[0], seeds))


@pytest.mark.parametrize("name", CONTRACT)
def test_pickles_and_copies_do_the_same(name):
    transform = CONTRACT[name].make()
    for again in (pickle.loads(pickle.dumps(transform)), copy.deepcopy(transform)):
        assert repr(again) == repr(transform)
        if not transform.takes_labels:
            seed = tf.constant(SEEDS[0])
            np.testing.assert_array_equal(again(IMAGES[0], seed), transform(IMAGES[0], seed))


@pytest.mark.parametrize("name", CONTRACT)
def test_grey_images_are_changed_as_colour_images_of_equal_channels(name):
    row = CONTRACT[name]
    grey = np.asarray(call((row.grey or row.make)(), IMAGES[..., :1]), "float64")
    assert grey.shape[-1] == 1
    if row.grey:  # one component of its own
        lit = grey - IMAGES[..., :1]
        free = (grey > 0) & (grey < 255)
        for image, inside in zip(lit, free):
            assert np.ptp(image[inside]) == 0
        return
    colour = np.asarray(call(row.make(), np.repeat(IMAGES[..., :1], 3, axis=-1)), "float64")
    same = np.ones_like(grey, bool)
    if name == "RandomErasing":  # noise is other in each channel
        erased = grey != IMAGES[..., :1]
        same = ~(erased.any(axis=2, keepdims=True) & erased.any(axis=1, keepdims=True))
        assert 0.02 < erased.mean() < 0.45
    np.testing.assert_allclose(grey[same], colour[..., :1][same], atol=1)
    assert np.mean(np.abs(grey - colour[..., :1])[same] > 0.01) < 0.02


@pytest.mark.parametrize("name", CONTRACT)
def test_sizes_unknown_until_run(name):
    transform = CONTRACT[name].make()
    if transform.takes_labels:
        pytest.skip("works on a batch of images of one size")
    mapped = tf.function(
        lambda image, seed: transform(image, seed),
        input_signature=[tf.TensorSpec([None, None, 3], "uint8"), tf.TensorSpec([2], "int64")],
    )
    eager = transform(IMAGES[0], SEEDS[0])
    np.testing.assert_allclose(mapped(IMAGES[0], SEEDS[0]), eager, atol=2e-3)


BATCHED = [name for name, row in CONTRACT.items() if row.make().batched]


@pytest.mark.parametrize("name", BATCHED)
def test_jitted_on_a_batch_equals_eager_one_by_one(name):
    transform = CONTRACT[name].make()
    jitted = tf.function(transform, jit_compile=True)
    images = tf.constant(IMAGES)
    if transform.takes_labels:
        result = jitted(images, tf.constant(LABELS), tf.constant(SEEDS))[0]
    else:
        result = jitted(images, tf.constant(SEEDS))
    difference = np.abs(np.asarray(result, "float64") - np.asarray(call(transform, IMAGES)))
    assert np.mean(difference > 1e-3) < 2e-3 and difference.max() <= 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: augment.RandomFlip(1.5), "probability"),
        (lambda: augment.RandomFlip(-0.1), "probability"),
        (lambda: augment.RandomFlip("half"), "probability"),
        (lambda: augment.RandomScaleCrop(-224), "size"),
        (lambda: augment.RandomScaleCrop(224.0), "size"),
        (lambda: augment.RandomScaleCrop(224, (2, 1)), "scale"),
        (lambda: augment.RandomScaleCrop(224, (0.5, 1)), "scale"),
        (lambda: augment.RandomScaleCrop(224, channels=2), "channels"),
        (lambda: augment.RandomScaleCrop(224, exact="yes"), "exact"),
        (lambda: augment.RandomResizedCrop(0), "size"),
        (lambda: augment.RandomResizedCrop(32, area=(0.5, 0.1)), "area"),
        (lambda: augment.RandomResizedCrop(32, area=(0, 1)), "area"),
        (lambda: augment.RandomResizedCrop(32, ratio=(2, 1)), "ratio"),
        (lambda: augment.CenterCrop(224, 200), "resize"),
        (lambda: augment.CenterCrop(0), "size"),
        (lambda: augment.TenCrop(224, (200,)), "scales"),
        (lambda: augment.TenCrop(224, ()), "scales"),
        (lambda: augment.TenCrop(224, 256), "scales"),
        (lambda: augment.PadCrop(32, -1), "padding"),
        (lambda: augment.PadCrop(32, 1.5), "padding"),
        (lambda: augment.ColorJitter(brightness=-1), "brightness"),
        (lambda: augment.ColorJitter(contrast=(2, 1)), "contrast"),
        (lambda: augment.ColorJitter(saturation="much"), "saturation"),
        (lambda: augment.ColorJitter(hue=0.6), "hue"),
        (lambda: augment.PCALighting(-0.1), "stddev"),
        (lambda: augment.PCALighting(0.1, [1, 2, 3], [[1]]), "eigenvectors"),
        (lambda: augment.PCALighting(0.1, [-1, 2, 3]), "eigenvalues"),
        (lambda: augment.RandomWarp(rotation=200), "rotation"),
        (lambda: augment.RandomWarp(translation=-0.1), "translation"),
        (lambda: augment.RandomWarp(stretch=-1), "stretch"),
        (lambda: augment.RandomWarp(shear=90), "shear"),
        (lambda: augment.RandomWarp(lens=0.5), "lens"),
        (lambda: augment.RandomErasing(2), "probability"),
        (lambda: augment.RandomErasing(area=(0.4, 0.1)), "area"),
        (lambda: augment.RandomErasing(value="red"), "value"),
        (lambda: augment.MixUp(-1), "alpha"),
        (lambda: augment.CutMix("1"), "alpha"),
        (lambda: augment.RandAugment(-1), "count"),
        (lambda: augment.RandAugment(magnitude=11), "magnitude"),
        (lambda: augment.TrivialAugment(2), "strongest"),
        (lambda: augment.Normalize(0, 0), "std"),
        (lambda: augment.Normalize(float("nan"), 1), "mean"),
        (lambda: augment.Normalize("imagenet", 1), "mean"),
        (lambda: augment.DecodeImage(4), "channels"),
        (lambda: augment.MixUp()(IMAGES, np.arange(6), SEEDS), "num_classes"),
        (lambda: augment.RandomFlip()(IMAGES, seed=1), "seed"),
        (lambda: augment.RandomFlip()(IMAGES[0], seed=1.5), "seed"),
        (lambda: augment.CenterCrop(8)(IMAGES), "image"),
        (lambda: augment.RandomScaleCrop(8)(IMAGES, 1), "image"),
        (lambda: augment.RandomFlip()(IMAGES[0, 0], seed=1), "image"),
        (lambda: augment.PCALighting()(IMAGES[0, ..., :1], seed=1), "channels"),
        (lambda: augment.PadCrop(64, 4)(IMAGES[0], seed=1), "size"),
    ],
)
def test_bad_input_names_the_argument(make, message):
    with pytest.raises((ValueError, TypeError, tf.errors.InvalidArgumentError), match=message):
        make()


def test_a_pair_given_as_a_list_is_stored_as_given():
    listed = augment.RandomErasing(1.0, area=[0.1, 0.3], ratio=[1, 2])
    assert listed.get_config()["area"] == [0.1, 0.3] and listed.get_config()["ratio"] == [1, 2]
    paired = augment.RandomErasing(1.0, area=(0.1, 0.3), ratio=(1, 2))
    image = np.zeros((8, 8, 1), "uint8")
    np.testing.assert_array_equal(listed(image, 3), paired(image, 3))
