"""Class weights against scikit-learn's, and of a stream."""

import dataclasses

import numpy as np
import pytest

from kerasrecipes import data, experiment


def skewed():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [30, 12, 11])
    pixels = rng.integers(0, 256, (53, 4, 4), "uint8")
    return data.load((pixels, labels, pixels[:3] ^ 255, np.arange(3))), labels


def test_weights_are_the_balanced_ones():
    images, labels = skewed()
    ours = experiment.class_weights(images)
    weight = pytest.importorskip("sklearn.utils.class_weight").compute_class_weight
    expected = weight("balanced", classes=np.arange(3), y=labels)
    np.testing.assert_allclose([ours[label] for label in range(3)], expected)


def test_a_stream_is_counted_and_an_absent_class_has_no_weight():
    images, labels = skewed()
    stream = dataclasses.replace(images, class_sizes=None, class_names=("a", "b", "c", "d"))
    ours = experiment.class_weights(stream)
    assert ours == experiment.class_weights(images) and set(ours) == {0, 1, 2}
    assert np.mean([ours[label] for label in labels]) == pytest.approx(1)


def test_weights_of_classes_and_of_images_are_multiplied():
    images, labels = skewed()
    by_class = experiment.class_weights(images)
    assert experiment.weighted_source(images.train, by_class) == (images.train, by_class)
    own = np.linspace(0.5, 2, len(labels), dtype="float32")
    source = dataclasses.replace(images.train, weights=own)
    assert experiment.weighted_source(source, None) == (source, None)
    both, rest = experiment.weighted_source(source, by_class)
    np.testing.assert_allclose(both.weights, own * [by_class[label] for label in labels], rtol=1e-6)
    assert rest is None and len(both) == len(labels)
    np.testing.assert_array_equal(both.labels, labels)
