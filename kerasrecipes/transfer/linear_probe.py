"""Linear classifiers on the stages of a network."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasrecipes import models
from kerasrecipes._progress import progress
from kerasrecipes._validation import check_integer, check_number
from kerasrecipes.transfer._logistic_regression import (
    LogisticRegression,
    cross_validate,
    log_softmax,
)
from kerasrecipes.transfer.extract_features import extract_features
from kerasrecipes.transfer.probe_result import ProbeResult, StageProbe

STRENGTHS = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)


def linear_probe(
    backbone: Any,
    data: Any,
    validation_data: Any = None,
    stages: Any = None,
    regularization: Sequence[float] = STRENGTHS,
    folds: int = 5,
    class_weight: dict[int, float] | str | None = None,
    batch_size: int = 32,
) -> ProbeResult:
    """Fit a linear classifier to the pooled features of each stage of a network.

    Multinomial logistic regression on standardised features,
    `mean_i -log p_i[y_i] + regularization / 2 · |W|^2`, minimised by scikit-learn's L-BFGS
    (`C = 1 / (regularization · examples)`); the features are computed once.

    Args:
        backbone: functional `keras.Model` of images, such as from `models.backbone`.
        data: Arrays `(x, y)` or `(x, y, sample_weight)`, or a finite iterable of batches of those,
            such as a `tf.data.Dataset`; y are integer labels.
        validation_data: As `data`, or `None`. The classifiers are tested on them; they are
            never used to choose the strength.
        stages: sequence of names of layers of the network, or `None` for `models.stages`.
        regularization: float > 0, or a sequence of floats, from which cross-validation on `data`
            chooses one per stage. Defaults to a grid from 10 to 0.001.
        folds: int >= 2, folds of the cross-validation, stratified by class. Defaults to 5.
        class_weight: dict {class: weight} or `None`: weights of the examples in the loss,
            multiplied by `sample_weight` if given. Other classes have weight 1.
        batch_size: int >= 1, images per batch if data are arrays. Defaults to 32.

    Returns:
        A `ProbeResult`: its `stages` have kernel, bias and accuracies, `best` is the best stage,
        printing shows a table, and `evaluation.probe_figure` draws it.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If labels are not integers from 0, or an argument is outside its range.

    Example:

    >>> model = models.resnet(8, (32, 32, 3), 10, seed=0)
    >>> y = np.arange(30) % 3
    >>> x = np.random.default_rng(0).normal(y[:, None, None, None], 1, (30, 32, 32, 3))
    >>> probe = linear_probe(model, (x, y), stages=[model.layers[-2].name])
    >>> probe.best.kernel.shape, probe.best.left_out_accuracy > 0.9
    ((64, 3), True)

    Reference:
        Alain & Bengio, 2016, https://arxiv.org/abs/1610.01644. They train the probes by
        gradient descent together with the network; ours are fitted to the minimum on a fixed one.
    """
    strengths = _strengths(regularization)
    check_integer("folds", folds, "[2, inf)")
    stages = models.stages(backbone) if stages is None else list(stages)
    features, labels, *weights = _extract("data", backbone, data, stages, batch_size)
    classes = int(labels.max()) + 1
    weights = _weights(labels, class_weight, weights)
    tests = None
    if validation_data is not None:
        tests = _extract("validation_data", backbone, validation_data, stages, batch_size)[:2]
        if tests[1].max() >= classes:
            raise ValueError(
                f"Argument `validation_data` must have labels below {classes}, the classes of "
                f"`data`. Received: {tests[1].max()}"
            )
    probes = []
    with progress("fitting linear classifiers", len(stages)) as advance:
        for stage in stages:
            probes.append(
                _probe(stage, features, labels, classes, weights, strengths, folds, tests)
            )
            advance(1)
    return ProbeResult(tuple(probes), labels)


def _probe(stage, features, labels, classes, weights, strengths, folds, tests):
    """Return the `StageProbe` of one stage."""
    inputs, results = features[stage].astype("float64"), {}
    strength = strengths[0]
    if len(strengths) > 1:
        strength, left_out = cross_validate(inputs, labels, classes, strengths, folds, weights)
        results["left_out"] = left_out.astype("float32")
        results["left_out_accuracy"], results["left_out_loss"] = _figures(left_out, labels)
    kernel, bias = LogisticRegression(inputs, labels, classes, weights).fit(strength)
    if tests is not None:
        scores = tests[0][stage] @ kernel + bias
        figures = _figures(log_softmax(scores), tests[1])
        results["validation_accuracy"], results["validation_loss"] = figures
    accuracy, loss = _figures(log_softmax(inputs @ kernel + bias), labels)
    return StageProbe(
        stage,
        strength,
        kernel.astype("float32"),
        bias.astype("float32"),
        accuracy,
        loss,
        **results,
    )


def _figures(log_p, labels):
    """Return accuracy and loss over the examples that have log-probabilities."""
    present = ~np.isnan(log_p[:, 0])
    log_p, labels = log_p[present], labels[present]
    accuracy = np.mean(log_p.argmax(axis=1) == labels)
    return float(accuracy), float(-np.mean(log_p[np.arange(len(labels)), labels]))


def _extract(name, backbone, data, stages, batch_size):
    """Return features by stage, integer labels and sample weights if there are any."""
    extracted = extract_features(backbone, data, stages, batch_size)
    if not isinstance(extracted, tuple):
        raise ValueError(f"Argument `{name}` must have labels. Received: images alone")
    labels = extracted[1]
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or labels.min() < 0:
        raise ValueError(
            f"Argument `{name}` must have integer labels from 0, of shape (examples,). Received: "
            f"labels of shape {labels.shape} and dtype {labels.dtype}"
        )
    if name == "data" and np.unique(labels).size < 2:
        raise ValueError(f"Argument `{name}` must have at least two classes. Received: one")
    return extracted


def _weights(labels, class_weight, weights):
    """Return the weight of each example, or `None` if all are 1."""
    if class_weight is None:
        return weights[0] if weights else None
    factors = np.array([class_weight.get(int(label), 1.0) for label in labels])
    return factors * weights[0] if weights else factors


def _strengths(regularization):
    several = isinstance(regularization, (tuple, list, np.ndarray))
    strengths = list(regularization) if several else [regularization]
    if not strengths:
        raise ValueError("Argument `regularization` must not be empty. Received: regularization=[]")
    for strength in strengths:
        check_number("regularization", strength, "(0, inf)")
    return [float(strength) for strength in strengths]
