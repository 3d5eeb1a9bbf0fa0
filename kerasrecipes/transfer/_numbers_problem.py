"""Linear regression of numbers."""

import numpy as np


class NumbersProblem:
    """Labels `(examples, targets)`, numbers; outputs are the predicted numbers.

    Methods: those of `ClassesProblem`.
    """

    def __init__(self, labels):
        self.width = labels.shape[1]
        std = np.asarray(labels, "float64").std(axis=0)
        self._std = np.where(std > 0, std, 1.0)

    @staticmethod
    def check(name, labels):
        if labels.ndim != 2 or labels.dtype.kind not in "iuf" or not np.isfinite(labels).all():
            raise ValueError(
                f"Argument `{name}` must have labels of shape (examples, targets), finite numbers, "
                f"for task='regression'. Received: labels of shape {labels.shape} and dtype "
                f"{labels.dtype}"
            )

    def check_tests(self, labels):
        if labels.shape[1] != self.width:
            raise ValueError(
                f"Argument `validation_data` must have {self.width} targets, as `data`. "
                f"Received: {labels.shape[1]}"
            )

    @staticmethod
    def folds(labels, folds):
        return np.arange(len(labels)) % folds

    @staticmethod
    def outputs(scores):
        return scores

    def regression(self, features, labels, weights=None):
        return _Ridge(features, labels, self._std, weights)

    def figures(self, outputs, labels):
        """Return the mean R² of the targets, and the squared error over the variance of `data`."""
        squares = ((outputs - labels) ** 2).mean(axis=0)
        variance = labels.var(axis=0)
        r2 = 1 - squares / np.where(variance > 0, variance, 1.0)
        return float(r2.mean()), float((squares / self._std**2).mean())


class _Ridge:
    """`f(W, b) = mean_i w_i · |x_i·W + b - y_i|^2 / 2 + regularization / 2 · |W|^2`.

    Features and labels are standardised.
    """

    def __init__(self, features, labels, std, weights):
        features = np.asarray(features, "float64")
        self._mean, spread = features.mean(axis=0), features.std(axis=0)
        self._scale = np.where(spread > 1e-9 * (1 + abs(self._mean)), spread, 1.0)
        self._examples = (features - self._mean) / self._scale
        self._labels, self._std, self._weights = labels / std, std, weights

    def fit(self, regularization, tolerance=None):
        """Return kernel and bias for the unstandardised features and labels."""
        import sklearn.linear_model

        ridge = sklearn.linear_model.Ridge(alpha=regularization * len(self._labels))
        ridge.fit(self._examples, self._labels, self._weights)
        kernel = np.atleast_2d(ridge.coef_).T / self._scale[:, None] * self._std
        return kernel, np.atleast_1d(ridge.intercept_) * self._std - self._mean @ kernel
