"""The task of a data set."""

from typing import Any

import numpy as np

from kerasrecipes.evaluation.classes_task import ClassesTask
from kerasrecipes.evaluation.multilabel_task import MultilabelTask
from kerasrecipes.evaluation.regression_task import RegressionTask


def task_of(images: Any) -> Any:
    """Return what depends on the kind of labels: head, loss, metrics, figures.

    Args:
        images: A `data.ImageData`.

    Returns:
        A `ClassesTask`, `MultilabelTask` (with thresholds of 0.5 until it is `fitted`) or
        `RegressionTask` (with mean and standard deviation of the training labels).

    Example:

    >>> from kerasrecipes.evaluation import task_of
    >>> from kerasrecipes import data
    >>> task_of(data.load("fashion_mnist_sample")).activation
    'softmax'
    """
    if images.task == "multilabel":
        return MultilabelTask((0.5,) * images.num_classes)
    if images.task == "regression":
        labels = np.asarray(images.train.labels, "float64")
        std = labels.std(axis=0)
        std = np.where(std > 0, std, 1.0)
        return RegressionTask(tuple(labels.mean(axis=0).tolist()), tuple(std.tolist()))
    return ClassesTask()
