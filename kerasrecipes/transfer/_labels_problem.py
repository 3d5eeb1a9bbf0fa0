"""Linear classifiers for several labels an example."""

import numpy as np

from kerasrecipes.transfer._logistic_regression import ABSENT, LogisticRegression


class LabelsProblem:
    """Labels `(examples, labels)` of 0 and 1; outputs are the log-probabilities of the labels.

    Each label has a logistic regression of its own. Methods: those of `ClassesProblem`.
    """

    def __init__(self, labels):
        self.width = labels.shape[1]

    @staticmethod
    def check(name, labels):
        if labels.ndim != 2 or not np.isin(labels, (0, 1)).all():
            raise ValueError(
                f"Argument `{name}` must have labels of shape (examples, labels) that are 0 or 1, "
                f"for task='multilabel'. Received: labels of shape {labels.shape} and dtype "
                f"{labels.dtype}"
            )

    def check_tests(self, labels):
        if labels.shape[1] != self.width:
            raise ValueError(
                f"Argument `validation_data` must have {self.width} labels, as `data`. "
                f"Received: {labels.shape[1]}"
            )

    @staticmethod
    def folds(labels, folds):
        return np.arange(len(labels)) % folds

    @staticmethod
    def outputs(scores):
        return -np.logaddexp(0, -scores)

    def regression(self, features, labels, weights=None):
        return _Regressions(features, labels, weights)

    def figures(self, outputs, labels):
        """Return the fraction of labels that are right at 0.5, and the binary cross-entropy."""
        outputs = np.minimum(outputs, -1e-12)
        absent = np.log(-np.expm1(outputs))
        right = (outputs >= np.log(0.5)) == (labels > 0.5)
        loss = -np.where(labels > 0.5, outputs, absent).mean()
        return float(right.mean()), float(loss)


class _Regressions:
    """One logistic regression for each label, over the same standardised features."""

    def __init__(self, features, labels, weights):
        labels = np.asarray(labels) > 0.5
        shared = LogisticRegression(features, labels[:, 0].astype(int), 2, weights)
        self._regressions = [shared.for_labels(column.astype(int)) for column in labels.T]
        self._means = labels.mean(axis=0)
        self._features = features.shape[1]

    def fit(self, regularization, tolerance=1e-6):
        """Return kernel `(features, labels)` and bias `(labels,)`."""
        kernels, biases = [], []
        for regression, mean in zip(self._regressions, self._means):
            if mean in (0, 1):
                kernel, bias = np.zeros(self._features), ABSENT if mean == 0 else -ABSENT
            else:
                both, bias = regression.fit(regularization, tolerance)
                kernel, bias = both[:, 1] - both[:, 0], bias[1] - bias[0]
            kernels.append(kernel)
            biases.append(bias)
        return np.stack(kernels, axis=1), np.array(biases)
