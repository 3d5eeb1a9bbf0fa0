"""Nearest neighbours, and linear classifiers with a penalty that held-out examples choose."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasrecipes.evaluation import nearest_neighbours
from kerasrecipes.optimizers import fit_lbfgs

STRENGTHS = (1e-3, 1e-2, 1e-1)
ROUGH = 3  # times fewer iterations where only the penalty is chosen


class Neighbours(NamedTuple):
    """Nearest neighbours by a distance, `"l1"` or `"l2"`: nothing is fitted."""

    count: int
    distance: str
    x: Any
    labels: Any

    def predict(self, x: Any) -> Any:
        """Return the class of each example."""
        return nearest_neighbours(self.x, self.labels, x, self.count, self.distance)


class LinearClassifier(NamedTuple):
    """A kernel `(features, classes)`, a bias, and how they were found."""

    kernel: Any
    bias: Any
    strength: float
    iterations: int | None

    def predict(self, x: Any) -> Any:
        """Return the class of each example."""
        return (x @ self.kernel + self.bias).argmax(axis=1)


def least_squares(x: Any, labels: Any, classes: int, strength: float) -> LinearClassifier:
    """Return the minimum of mean |x·W + b - one_hot|² + strength · |W|², by normal equations."""
    targets = np.eye(classes)[labels]
    mean, centre = x.mean(axis=0, dtype="float64"), targets.mean(axis=0)
    centred = x - mean
    gram = centred.T @ centred / len(x) + strength * np.eye(x.shape[1])
    kernel = np.linalg.solve(gram, centred.T @ (targets - centre) / len(x))
    return LinearClassifier(kernel, centre - mean @ kernel, strength, None)


def lbfgs_classifier(
    x: Any, labels: Any, classes: int, strength: float, loss: Any, iterations: int
) -> LinearClassifier:
    """Return the minimum of mean loss(x·W + b) + strength / 2 · |W|², by `fit_lbfgs`."""
    penalty = keras.regularizers.L2(strength / 2)
    layer = keras.layers.Dense(classes, kernel_initializer="zeros", kernel_regularizer=penalty)
    model = keras.Sequential([keras.Input(x.shape[1:]), layer])
    model.compile(loss=loss, jit_compile=False)
    history = fit_lbfgs(model, x, labels, epochs=iterations, verbose=0)
    return LinearClassifier(*model.get_weights(), strength, len(history.epoch))


def chosen_classifier(
    x: Any, labels: Any, fit: Callable[..., LinearClassifier], seed: int, iterations: int
) -> LinearClassifier:
    """Return the classifier of all examples, of the strength that is best on a tenth held out.

    Args:
        x: array `(examples, features)`, 10 examples or more.
        labels: int array `(examples,)`.
        fit: function `(x, labels, strength, iterations)` that returns a `LinearClassifier`.
        seed: int, of the choice of the tenth.
        iterations: int >= 1, most iterations of the result.
    """
    order = np.random.default_rng(seed).permutation(len(x))
    held, rest = np.split(order, [max(1, len(x) // 10)])

    def accuracy(strength):
        found = fit(x[rest], labels[rest], strength, -(-iterations // ROUGH))
        return np.mean(found.predict(x[held]) == labels[held])

    return fit(x, labels, max(STRENGTHS, key=accuracy), iterations)
