"""Multinomial logistic regression on features, and the choice of its regularization."""

import copy
import warnings

import numpy as np

from kerasrecipes._warning import warn

TOLERANCE, ROUGH_TOLERANCE = 1e-6, 1e-4
MOST_ITERATIONS = 2000
RISES_TO_STOP = 2
ABSENT = -16.0


class LogisticRegression:
    """scikit-learn's logistic regression on standardised features, for several strengths.

    `f(W, b) = mean_i w_i · -log softmax(x_i·W + b)[y_i] + regularization / 2 · |W|^2`, over
    features of mean 0 and standard deviation 1; the bias is not regularized. With fewer examples
    than features, the computation is in the span of the examples, which contains the minimum. A
    class without examples has a probability of at most about e^-16.

    Args:
        features: array `(examples, features)`.
        labels: int array `(examples,)`.
        classes: int, the number of classes.
        weights: array `(examples,)`, or `None` for 1 each.
    """

    def __init__(self, features, labels, classes, weights=None):
        import sklearn.linear_model

        features = np.asarray(features, "float64")
        self._mean, std = features.mean(axis=0), features.std(axis=0)
        self._std = np.where(std > 1e-9 * (1 + abs(self._mean)), std, 1.0)
        self._examples = (features - self._mean) / self._std
        self._basis = None
        if len(features) < features.shape[1]:
            self._basis = np.linalg.qr(self._examples.T)[0]
            self._examples = self._examples @ self._basis
        self._labels, self._classes, self._weights = labels, classes, weights
        self._solver = sklearn.linear_model.LogisticRegression(
            max_iter=MOST_ITERATIONS, warm_start=True
        )

    def for_labels(self, labels):
        """Return the regression of other labels on the same features, of the same classes."""
        import sklearn.linear_model

        other = copy.copy(self)
        other._labels = labels
        other._solver = sklearn.linear_model.LogisticRegression(
            max_iter=MOST_ITERATIONS, warm_start=True
        )
        return other

    def fit(self, regularization, tolerance=TOLERANCE):
        """Return kernel and bias for the unstandardised features; starts at the last solution."""
        # For two classes scikit-learn has one kernel w = W[1] - W[0], and |W|^2 = |w|^2 / 2.
        is_binary = len(np.unique(self._labels)) == 2
        self._solver.C = (2 if is_binary else 1) / (regularization * len(self._labels))
        self._solver.tol = tolerance
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it names scikit-learn's arguments
            self._solver.fit(self._examples, self._labels, self._weights)
        if max(self._solver.n_iter_) >= MOST_ITERATIONS:
            warn(
                f"The linear classifier is not at its minimum after {MOST_ITERATIONS} iterations "
                f"with regularization={regularization:.3g}: use a larger one"
            )
        kernel, bias = self._of_all_classes()
        kernel = kernel if self._basis is None else self._basis @ kernel
        kernel = kernel / self._std[:, None]
        return kernel, bias - self._mean @ kernel

    def _of_all_classes(self):
        """Return the solution with one column per class, classes without examples included."""
        kernel, bias = self._solver.coef_.T, self._solver.intercept_
        if kernel.shape[1] == 1:
            kernel, bias = kernel * [-0.5, 0.5], bias * [-0.5, 0.5]
        kernels = np.zeros((len(kernel), self._classes))
        biases = np.full(self._classes, bias.min() + ABSENT)
        kernels[:, self._solver.classes_], biases[self._solver.classes_] = kernel, bias
        return kernels, biases


def cross_validate(features, labels, problem, strengths, folds, weights=None):
    """Choose the strength with the lowest cross-validation loss, from strongest to weakest.

    The search stops after the loss has risen twice in a row.

    Returns:
        The chosen strength, and its outputs `(examples, width)` for each example when it was left
        out (log-probabilities, or numbers). They are NaN for examples that are never left out,
        because they are the only ones of their class.
    """
    fold = problem.folds(labels, folds)
    parts = [fold != number for number in np.unique(fold[fold >= 0])]
    fits = [
        problem.regression(features[part], labels[part], None if weights is None else weights[part])
        for part in parts
    ]
    lowest, best, left_out, rises, last = np.inf, strengths[0], None, 0, np.inf
    for strength in sorted(strengths, reverse=True):
        outputs = np.full((len(labels), problem.width), np.nan)
        for part, regression in zip(parts, fits):
            kernel, bias = regression.fit(strength, ROUGH_TOLERANCE)
            outputs[~part] = problem.outputs(features[~part] @ kernel + bias)
        loss = problem.figures(outputs, labels)[1]
        if left_out is None or loss < lowest:
            lowest, best, left_out = loss, strength, outputs
        rises = rises + 1 if loss > last else 0
        last = loss
        if rises == RISES_TO_STOP:
            break
    return best, left_out


def stratified_folds(labels, folds):
    """Return the fold of each example, stratified by class; -1 for the only one of its class.

    >>> stratified_folds(np.array([0, 0, 0, 0, 1, 1, 2]), 2).tolist()
    [0, 1, 0, 1, 0, 1, -1]
    """
    fold = np.full(len(labels), -1)
    position = 0
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) > 1:
            fold[members] = (position + np.arange(len(members))) % folds
            position += len(members)
    return fold


def log_softmax(scores):
    """Return the log-probabilities for logits `(examples, classes)`."""
    scores = scores - scores.max(axis=1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
