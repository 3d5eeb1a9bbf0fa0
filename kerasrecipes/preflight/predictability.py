"""Can simple classifiers tell labels from inputs better than chance, out of their training set?"""

from typing import NamedTuple

import numpy as np

GRID = 8
MOST_FEATURES = 512
FOLDS = 5
STRENGTH = 0.1


class Predictability(NamedTuple):
    """How well targets are predicted out of fold.

    Attributes:
        accuracy: float, or for numbers the correlation with the targets.
        chance: float, that of the commonest class; 0 for numbers.
        deviations: float, how far the accuracy lies above chance, in standard deviations.
    """

    accuracy: float
    chance: float
    deviations: float

    @property
    def is_sure(self):
        return self.deviations > 6 and self.accuracy > self.chance + 0.1

    @property
    def is_seen(self):
        return self.deviations > 3


def features_of(x):
    """Return features of each example, float64 of shape (examples, features).

    Images: means over a grid of 8 by 8, mean and standard deviation of each channel, and how
    much neighbours differ along each axis. Other inputs: themselves, a projection if they are many.
    """
    x = np.asarray(x, "float64")
    if x.ndim != 4 or min(x.shape[1:3]) < 2:
        return _projected(x.reshape(len(x), -1))
    grid = _pooled(x)
    parts = [grid, x.mean(axis=(1, 2)), x.std(axis=(1, 2))]
    parts += [_pooled(np.abs(np.diff(x, axis=axis)), 4) for axis in (1, 2)]
    return _projected(np.concatenate([part.reshape(len(x), -1) for part in parts], axis=1))


def predictability(features, targets, is_classes, seed):
    """Return the `Predictability` of targets: integers, or numbers (examples, columns).

    The better of ridge regression and the nearest neighbour, each over five folds.
    """
    scale = features.std(axis=0)
    features = (features - features.mean(axis=0)) / np.where(scale > 1e-9, scale, 1)
    folds = np.random.default_rng(seed).permutation(len(features)) % FOLDS
    if not is_classes:
        return _of_numbers(features, targets, folds)
    classes, labels = np.unique(targets, return_inverse=True)
    chance = float(np.bincount(labels).max() / len(labels))
    one_hot = np.eye(len(classes))[labels]
    found = [
        (_out_of_fold(predict, features, one_hot, folds).argmax(axis=1) == labels).mean()
        for predict in (_ridge, _nearest)
    ]
    accuracy = float(max(found))
    spread = np.sqrt(max(chance * (1 - chance), 1e-9) / len(labels))
    return Predictability(accuracy, chance, float((accuracy - chance) / spread))


def _of_numbers(features, targets, folds):
    targets = np.asarray(targets, "float64").reshape(len(features), -1)
    found = []
    for predict in (_ridge, _nearest):
        predicted = _out_of_fold(predict, features, targets, folds)
        found.append(np.max([_correlation(p, t) for p, t in zip(predicted.T, targets.T)]))
    best = float(max(found))
    return Predictability(best, 0.0, best * np.sqrt(len(features)))


def _correlation(one, other):
    if one.std() < 1e-12 or other.std() < 1e-12:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _out_of_fold(predict, features, targets, folds):
    result = np.zeros_like(targets)
    for fold in range(FOLDS):
        held_out = folds == fold
        result[held_out] = predict(features[~held_out], targets[~held_out], features[held_out])
    return result


def _ridge(features, targets, others):
    """Kernel ridge regression: as many unknowns as examples, however many features."""
    mean = targets.mean(axis=0)
    gram = features @ features.T
    gram[np.diag_indices_from(gram)] += STRENGTH * np.trace(gram) / len(gram) + 1e-9
    return others @ (features.T @ np.linalg.solve(gram, targets - mean)) + mean


def _nearest(features, targets, others):
    squares = (features**2).sum(axis=1) - 2 * others @ features.T
    return targets[squares.argmin(axis=1)]


def _pooled(x, grid=GRID):
    """Return the means over a grid of at most `grid` by `grid` cells."""
    for axis in (1, 2):
        size = x.shape[axis]
        edges = np.unique(np.linspace(0, size, min(grid, size) + 1).astype(int)[:-1])
        widths = np.diff([*edges, size])
        shape = [1] * x.ndim
        shape[axis] = len(widths)
        x = np.add.reduceat(x, edges, axis=axis) / widths.reshape(shape)
    return x


def _projected(features):
    if features.shape[1] <= MOST_FEATURES:
        return features
    shape = features.shape[1], MOST_FEATURES
    return features @ np.random.default_rng(0).normal(size=shape) / np.sqrt(MOST_FEATURES)
