"""Multinomial logistic regression on features: the exact minimum, by L-BFGS."""

import warnings

import numpy as np

GRADIENT_TOLERANCE, ROUGH_TOLERANCE = 1e-6, 1e-4
MOST_ITERATIONS = 2000
RISES_TO_STOP = 2


class SoftmaxRegression:
    """Training examples with standardised features, to be fitted at several strengths.

    `f(W, b) = mean_i w_i · -log softmax(x_i·W + b)[y_i] + regularization / 2 · |W|^2`, over
    features with mean 0 and deviation 1; the bias is free. With fewer examples than features all
    is computed in the span of the examples, where the minimum lies.

    Args:
        features: Array `(examples, features)`.
        labels: Integer array `(examples,)`.
        classes: Integer.
        weights: Array `(examples,)`, or `None` for 1 each.
    """

    def __init__(self, features, labels, classes, weights=None):
        features = np.asarray(features, "float64")
        self.mean = features.mean(axis=0)
        deviation = features.std(axis=0)
        self.deviation = np.where(deviation > 1e-9 * (1 + abs(self.mean)), deviation, 1.0)
        examples = (features - self.mean) / self.deviation
        self.basis = None
        if len(examples) < examples.shape[1]:
            self.basis = np.linalg.qr(examples.T)[0]
            examples = examples @ self.basis
        self._examples = np.pad(examples, ((0, 0), (0, 1)), constant_values=1.0)
        self._targets = np.eye(classes)[labels]
        weights = np.ones(len(labels)) if weights is None else np.asarray(weights, "float64")
        self._weights = weights / len(labels)
        self._solution = np.zeros((examples.shape[1] + 1, classes))

    def fit(self, regularization, tolerance=GRADIENT_TOLERANCE):
        """Return kernel and bias for features as they were given; starts at the last solution."""
        import scipy.optimize

        shape = self._solution.shape

        def objective(flat):
            both = flat.reshape(shape)
            loss, slope = self._loss(self._examples @ both)
            gradient = self._examples.T @ slope
            gradient[:-1] += regularization * both[:-1]
            return loss + regularization / 2 * np.sum(both[:-1] ** 2), gradient.ravel()

        options = {"maxiter": MOST_ITERATIONS, "gtol": tolerance, "ftol": 0.0}
        found = scipy.optimize.minimize(
            objective, self._solution.ravel(), jac=True, method="L-BFGS-B", options=options
        )
        if found.nit >= MOST_ITERATIONS:
            warnings.warn(
                f"The linear classifier is not at its minimum after {MOST_ITERATIONS} iterations "
                f"with regularization={regularization:.3g}; more of it helps",
                stacklevel=4,
            )
        self._solution = found.x.reshape(shape)
        return self._of_given_features()

    def _loss(self, scores):
        """Weighted mean of -log p of the labels, and its gradient by the scores."""
        log_p = log_softmax(scores)
        loss = -np.sum(self._weights * np.sum(self._targets * log_p, axis=1))
        return loss, self._weights[:, None] * (np.exp(log_p) - self._targets)

    def _of_given_features(self):
        kernel, bias = self._solution[:-1], self._solution[-1]
        kernel = kernel if self.basis is None else self.basis @ kernel
        kernel = kernel / self.deviation[:, None]
        return kernel, bias - self.mean @ kernel


def cross_validate(features, labels, classes, strengths, folds, weights=None):
    """Choose a strength by the loss on examples left out, from the strongest to the weakest.

    The search ends once the loss has risen twice in a row.

    Returns:
        The strength of the lowest loss, and the log-probabilities `(examples, classes)` that the
        examples had with it when they were left out: NaN for those never left out, which are the
        only ones of their class.
    """
    fold = stratified_folds(labels, folds)
    parts = [fold != number for number in np.unique(fold[fold >= 0])]
    fits = [
        SoftmaxRegression(
            features[part], labels[part], classes, None if weights is None else weights[part]
        )
        for part in parts
    ]
    best, chosen, outside, rises, last = np.inf, strengths[0], None, 0, np.inf
    for strength in sorted(strengths, reverse=True):
        log_p = np.full((len(labels), classes), np.nan)
        for part, regression in zip(parts, fits):
            kernel, bias = regression.fit(strength, ROUGH_TOLERANCE)
            log_p[~part] = log_softmax(features[~part] @ kernel + bias)
        loss = -np.nanmean(log_p[np.arange(len(labels)), labels])
        if outside is None or loss < best:
            best, chosen, outside = loss, strength, log_p
        rises = rises + 1 if loss > last else 0
        last = loss
        if rises == RISES_TO_STOP:
            break
    return chosen, outside


def stratified_folds(labels, folds):
    """The fold of each example, its class spread over all; -1 for the only one of its class.

    >>> stratified_folds(np.array([0, 0, 0, 0, 1, 1, 2]), 2).tolist()
    [0, 1, 0, 1, 0, 1, -1]
    """
    fold = np.full(len(labels), -1)
    place = 0
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        if len(own) > 1:
            fold[own] = (place + np.arange(len(own))) % folds
            place += len(own)
    return fold


def log_softmax(scores):
    """Logarithms of the probabilities of scores `(examples, classes)`."""
    scores = scores - scores.max(axis=1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
