"""Splits are stratified, disjoint, complete, seeded, and leave training every class."""

import numpy as np
import pytest

from kerasrecipes.data import load
from kerasrecipes.data.split import check_split, stratified_indices

SHARES = (0.8, 0.1, 0.1)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("counts", [(600,) * 10, (7, 3, 1, 90), (2, 5), (3, 3, 3, 3)])
@pytest.mark.parametrize("shares", [SHARES, (0.5, 0.5), (0.7, 0.0, 0.3), (0.34, 0.33, 0.33)])
def test_parts_are_disjoint_complete_and_in_proportion(counts, shares, seed):
    labels = np.random.default_rng(9).permutation(np.repeat(np.arange(len(counts)), counts))
    parts = stratified_indices(labels, shares, seed)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(labels)))
    assert len(parts) == len(shares)
    for part, share in zip(parts[1:], shares[1:]):
        spare = len(labels) - len(counts)
        wanted = max(1, round(share * len(labels))) if share else 0
        assert len(part) == wanted
        expected = wanted * (np.array(counts) - 1) / spare
        found = np.bincount(labels[part], minlength=len(counts))
        assert np.all(np.abs(found - expected) < 2)
    assert np.all(np.bincount(labels[parts[0]], minlength=len(counts)) >= 1)


def test_equal_classes_get_equal_shares_exactly():
    labels = np.tile(np.arange(10), 600)
    train, validation, test = stratified_indices(labels, SHARES, seed=3)
    assert np.bincount(labels[train]).tolist() == [480] * 10
    assert np.bincount(labels[validation]).tolist() == [60] * 10
    assert np.bincount(labels[test]).tolist() == [60] * 10


def test_the_seed_alone_decides():
    labels = np.tile(np.arange(4), 50)
    first, again, other = (stratified_indices(labels, SHARES, seed) for seed in (5, 5, 6))
    for one, two in zip(first, again):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first[2], other[2])


def test_images_are_drawn_from_all_of_a_class():
    labels = np.repeat([0, 1], 100)
    drawn = np.zeros(200)
    for seed in range(60):
        drawn[stratified_indices(labels, (0.5, 0.5), seed)[1]] += 1
    assert drawn.min() > 10 and drawn.max() < 50  # 30 expected, deviation 3.9


@pytest.mark.parametrize("labels", [[0, 1], [0, 0, 1], [0, 1, 2, 3]])
def test_too_few_images_is_an_error(labels):
    with pytest.raises(ValueError, match="too few to split"):
        stratified_indices(np.array(labels), SHARES, 0)


@pytest.mark.parametrize(
    "split, error",
    [
        ("0.8", ValueError),
        (0.8, ValueError),
        ((1.0,), ValueError),
        ((0.25,) * 4, ValueError),
        ((0.8, 0.1, 0.2), ValueError),
        ((0.8, 0.1), ValueError),
        ((1.2, -0.2), ValueError),
        ((0.0, 0.5, 0.5), ValueError),
        ((1.0, 0.0), ValueError),
        ((float("nan"), 0.5, 0.5), ValueError),
        (("a", 0.5, 0.5), TypeError),
        ((True, False), TypeError),
    ],
)
def test_bad_shares(split, error):
    with pytest.raises(error, match="Argument `split` must"):
        check_split(split)


def test_two_fractions_of_one_set_are_told_of_three():
    x, y = np.zeros((20, 4, 4, 1), "uint8"), np.arange(20) % 2
    with pytest.raises(
        ValueError, match=r"Give \(0.8, 0, 0.2\) for a test set, or \(0.8, 0.1, 0.1"
    ):
        load((x, y), (0.8, 0.2))


@pytest.mark.parametrize("split", [None, (0.8, 0.2)])
@pytest.mark.parametrize("count", [3, 40, 41])
def test_fewer_training_images_are_drawn_by_class_and_the_rest_is_the_same(split, count):
    x = np.arange(200, dtype="uint8")[:, None, None].repeat(5, 1).repeat(5, 2)
    y = np.repeat([0, 1, 2], (140, 50, 10))
    options = {"split": split, "seed": 4}
    every = load((x, y, x[:7] + 1, y[:7]), **options)
    some, again = (load((x, y, x[:7] + 1, y[:7]), **options, train_images=count) for _ in "12")
    images = [int(image[0, 0, 0]) for image, _ in some.train]
    assert len(set(images)) == count == some.train_size
    assert set(images) <= {int(image[0, 0, 0]) for image, _ in every.train}
    assert [label for _, label in some.train] == y[images].tolist()
    assert images == [int(image[0, 0, 0]) for image, _ in again.train]
    sizes = np.bincount(y[images], minlength=3)
    expected = count * np.array(every.class_sizes) / every.train_size
    assert sizes.min() >= 1 and np.all(np.abs(sizes - expected) < 2)
    assert some.class_sizes == tuple(sizes)
    for name in ("validation", "test"):
        first, second = getattr(every, name), getattr(some, name)
        assert first is second is None or list(map(str, first)) == list(map(str, second))


def test_as_many_training_images_as_there_are():
    loaded = load("fashion_mnist_sample", train_images=6000)
    assert loaded.train_size == load("fashion_mnist_sample", train_images=10**6).train_size == 6000


def test_too_few_training_images_for_the_classes():
    with pytest.raises(ValueError, match="`train_images` must be at least 10.*train_images=9"):
        load("fashion_mnist_sample", train_images=9)
