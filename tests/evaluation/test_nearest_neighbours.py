"""Nearest neighbours against scikit-learn, and the picture of templates."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from kerasrecipes import evaluation

RNG = np.random.default_rng(0)
X, TEST = RNG.normal(size=(90, 6)), RNG.normal(size=(300, 6))
LABELS = RNG.integers(0, 4, 90)


@pytest.mark.parametrize("distance", ["l1", "l2"])
@pytest.mark.parametrize("neighbours", [1, 5, 200])
def test_classes_are_those_of_scikit_learn(distance, neighbours):
    found = evaluation.nearest_neighbours(X, LABELS, TEST, neighbours, distance)
    metric = {"l1": "manhattan", "l2": "euclidean"}[distance]
    oracle = KNeighborsClassifier(min(neighbours, 90), metric=metric, algorithm="brute")
    np.testing.assert_array_equal(found, oracle.fit(X, LABELS).predict(TEST))


def test_the_distances_differ():
    x = np.array([[3.0, 0.0], [2.0, 2.0]])
    found = [evaluation.nearest_neighbours(x, [0, 1], [[0, 0]], 1, d)[0] for d in ("l1", "l2")]
    assert found == [0, 1]


@pytest.mark.parametrize(
    "change, words",
    [
        ({"neighbours": 0}, "neighbours=0"),
        ({"distance": "cosine"}, "distance='cosine'"),
        ({"labels": LABELS[:3]}, "shapes"),
        ({"x": X[:, 0]}, "shapes"),
    ],
)
def test_bad_input(change, words):
    with pytest.raises(ValueError, match=words):
        evaluation.nearest_neighbours(**{"x": X, "labels": LABELS, "test_x": TEST, **change})


@pytest.mark.parametrize("channels", [1, 3])
def test_templates_are_the_columns_of_the_kernel(channels):
    kernel = RNG.normal(size=(4 * 5 * channels, 3))
    figure = evaluation.templates_figure({"a": kernel, "b": -kernel}, "xyz", (4, 5, channels))
    assert [axes.get_title() for axes in figure.axes] == ["x", "y", "z", "", "", ""]
    pictures = [axes.images[0].get_array() for axes in figure.axes]
    assert len(pictures) == 6
    expected = kernel[:, 1].reshape(4, 5, channels)
    if channels == 1:
        np.testing.assert_array_equal(pictures[1], expected[..., 0])
        assert figure.axes[1].images[0].get_clim() == (-abs(expected).max(), abs(expected).max())
    else:
        np.testing.assert_allclose(pictures[1], 0.5 + 0.5 * expected / abs(expected).max())
