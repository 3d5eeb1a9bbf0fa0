"""Simple classifiers on the pixels."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from kerasrecipes import data, evaluation
from kerasrecipes.evaluation import baselines


@pytest.fixture(scope="module")
def images():
    sample = data.load("fashion_mnist_sample")
    pairs = [(np.stack([x for x, _ in s]), s.labels) for s in (sample.train[::6], sample.test)]
    return data.load((pairs[0], pairs[1])), pairs


@pytest.mark.slow
def test_neighbours_are_those_of_scikit_learn_and_linear_ones_come_near(images):
    images, ((x, y), (test_x, test_y)) = images
    found = evaluation.pixel_baselines(images, 28)
    flat, test_flat = (a.reshape(len(a), -1) / 255 for a in (x, test_x))
    neighbours = KNeighborsClassifier(5, algorithm="brute").fit(flat, y)
    assert found["5 nearest neighbours"] == neighbours.score(test_flat, test_y)
    linear = LogisticRegression(C=0.1, max_iter=300).fit(flat, y).score(test_flat, test_y)
    assert abs(found["linear softmax"] - linear) < 0.03
    assert abs(found["linear SVM"] - linear) < 0.04
    assert found == evaluation.pixel_baselines(images, 28)


@pytest.mark.slow
def test_a_large_set_is_thinned_and_large_images_are_made_small(images, monkeypatch):
    images, _ = images
    monkeypatch.setattr(baselines, "TRAINING_IMAGES", 200)
    monkeypatch.setattr(baselines, "TEST_IMAGES", 50)
    monkeypatch.setattr(baselines, "SIDE", 7)
    monkeypatch.setattr(baselines, "STEPS", 50)
    pixels, labels = baselines.flat_pixels(images.train, 7, 1, 200)
    assert pixels.shape == (200, 49) and labels[-1] == images.train[-1][1]
    for accuracy in evaluation.pixel_baselines(images, 64).values():
        assert 0.5 < accuracy <= 1 and accuracy * 50 == round(accuracy * 50)
