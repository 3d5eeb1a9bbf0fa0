"""Linear classifiers for one class an example."""

import numpy as np

from kerasrecipes.transfer._logistic_regression import (
    LogisticRegression,
    log_softmax,
    stratified_folds,
)


class ClassesProblem:
    """Labels int `(examples,)`; outputs are log-probabilities.

    `LabelsProblem` and `NumbersProblem` have the same attributes and methods.

    Args:
        labels: the labels to fit to.

    Attributes:
        width: int, the number of outputs.
    """

    outputs = staticmethod(log_softmax)
    folds = staticmethod(stratified_folds)

    def __init__(self, labels):
        self.width = int(labels.max()) + 1

    @staticmethod
    def check(name, labels):
        """Raise unless these are labels of this problem."""
        if labels.ndim != 1 or labels.dtype.kind not in "iu" or labels.min() < 0:
            raise ValueError(
                f"Argument `{name}` must have integer labels from 0, of shape (examples,). "
                f"Received: labels of shape {labels.shape} and dtype {labels.dtype}"
            )
        if name == "data" and np.unique(labels).size < 2:
            raise ValueError(f"Argument `{name}` must have at least two classes. Received: one")

    def check_tests(self, labels):
        """Raise if labels of the validation data are none of the problem."""
        if labels.max() >= self.width:
            raise ValueError(
                f"Argument `validation_data` must have labels below {self.width}, the classes of "
                f"`data`. Received: {labels.max()}"
            )

    def regression(self, features, labels, weights=None):
        """Return what fits kernel and bias at a strength."""
        return LogisticRegression(features, labels, self.width, weights)

    def figures(self, outputs, labels):
        """Return accuracy and loss over the examples that have outputs."""
        present = ~np.isnan(outputs[:, 0])
        outputs, labels = outputs[present], labels[present]
        accuracy = np.mean(outputs.argmax(axis=1) == labels)
        return float(accuracy), float(-np.mean(outputs[np.arange(len(labels)), labels]))
