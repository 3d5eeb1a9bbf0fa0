"""Linear classifiers on the stages of a network."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasrecipes import models
from kerasrecipes._progress import progress
from kerasrecipes._validation import check_choice, check_integer, check_number
from kerasrecipes.transfer._class_weight import check_class_weight, weights_of_labels
from kerasrecipes.transfer._classes_problem import ClassesProblem
from kerasrecipes.transfer._labels_problem import LabelsProblem
from kerasrecipes.transfer._logistic_regression import cross_validate
from kerasrecipes.transfer._numbers_problem import NumbersProblem
from kerasrecipes.transfer.extract_features import extract_features
from kerasrecipes.transfer.probe_result import ProbeResult, StageProbe

PROBLEMS = {
    "classes": ClassesProblem,
    "multilabel": LabelsProblem,
    "regression": NumbersProblem,
}
STRENGTHS = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)


def linear_probe(
    backbone: Any,
    data: Any,
    validation_data: Any = None,
    stages: Any = None,
    regularization: Sequence[float] = STRENGTHS,
    folds: int = 5,
    class_weight: dict[int, float] | None = None,
    batch_size: int = 32,
    task: str = "classes",
) -> ProbeResult:
    """Fit a linear classifier to the pooled features of each stage of a network.

    Multinomial logistic regression on standardised features,
    `mean_i -log p_i[y_i] + regularization / 2 · |W|^2`, minimised by scikit-learn's L-BFGS
    (`C = 1 / (regularization · examples)`); the features are computed once.

    Args:
        backbone: functional `keras.Model` of images, such as from `models.backbone`.
        data: Arrays `(x, y)` or `(x, y, sample_weight)`, or a finite iterable of batches of those,
            such as a `tf.data.Dataset`; y are integer labels, or what `task` says.
        validation_data: As `data`, or `None`. The classifiers are tested on them; they are
            never used to choose the strength.
        stages: sequence of names of layers of the network, or `None` for `models.stages`.
        regularization: float > 0, or a sequence of floats, from which cross-validation on `data`
            chooses one per stage. Defaults to a grid from 10 to 0.001.
        folds: int >= 2, folds of the cross-validation, stratified by class. Defaults to 5.
        class_weight: dict {class: weight >= 0} or `None`: weights of the examples in the loss,
            multiplied by `sample_weight` if given. Other classes have weight 1.
        batch_size: int >= 1, images per batch if data are arrays. Defaults to 32.
        task: `"classes"` (default); `"multilabel"`, for y of 0 and 1 `(examples, labels)`, a
            logistic regression for each label, as for two classes, accuracies being fractions of
            labels that are right; or `"regression"`, for numbers `(examples, targets)`, ridge
            regression of standardised numbers, with R² in place of accuracies.

    Returns:
        A `ProbeResult`: its `stages` have kernel, bias and accuracies, `best` is the best stage,
        printing shows a table, and `evaluation.probe_figure` draws it.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If labels are not integers from 0, or an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import models
    >>> from kerasrecipes.transfer import linear_probe
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
    check_choice("task", task, tuple(PROBLEMS))
    kind = PROBLEMS[task]
    check_class_weight(class_weight)
    if class_weight is not None and task != "classes":
        raise ValueError(f"Argument `class_weight` is for task='classes'. Received: task={task!r}")
    features, labels, *weights = _extract("data", backbone, data, stages, batch_size, kind)
    problem = kind(labels)
    weights = _weights(labels, class_weight, weights)
    tests = None
    if validation_data is not None:
        tests = _extract("validation_data", backbone, validation_data, stages, batch_size, kind)
        tests = tests[:2]
        problem.check_tests(tests[1])
    probes = []
    with progress("fitting linear classifiers", len(stages)) as advance:
        for stage in stages:
            probes.append(
                _probe(stage, features, labels, problem, weights, strengths, folds, tests)
            )
            advance(1)
    return ProbeResult(tuple(probes), labels)


def _probe(stage, features, labels, problem, weights, strengths, folds, tests):
    """Return the `StageProbe` of one stage."""
    inputs, results = features[stage].astype("float64"), {}
    strength = strengths[0]
    if len(strengths) > 1:
        strength, left_out = cross_validate(inputs, labels, problem, strengths, folds, weights)
        results["left_out"] = left_out.astype("float32")
        results["left_out_accuracy"], results["left_out_loss"] = problem.figures(left_out, labels)
    kernel, bias = problem.regression(inputs, labels, weights).fit(strength)
    if tests is not None:
        scores = tests[0][stage] @ kernel + bias
        figures = problem.figures(problem.outputs(scores), tests[1])
        results["validation_accuracy"], results["validation_loss"] = figures
    accuracy, loss = problem.figures(problem.outputs(inputs @ kernel + bias), labels)
    return StageProbe(
        stage,
        strength,
        kernel.astype("float32"),
        bias.astype("float32"),
        accuracy,
        loss,
        **results,
    )


def _extract(name, backbone, data, stages, batch_size, kind):
    """Return features by stage, labels and sample weights if there are any."""
    extracted = extract_features(backbone, data, stages, batch_size)
    if not isinstance(extracted, tuple):
        raise ValueError(f"Argument `{name}` must have labels. Received: images alone")
    kind.check(name, extracted[1])
    return extracted


def _weights(labels, class_weight, weights):
    """Return the weight of each example, or `None` if all are 1."""
    if class_weight is None:
        return weights[0] if weights else None
    factors = weights_of_labels(labels, class_weight)
    return factors * weights[0] if weights else factors


def _strengths(regularization):
    several = isinstance(regularization, (tuple, list, np.ndarray))
    strengths = list(regularization) if several else [regularization]
    if not strengths:
        raise ValueError("Argument `regularization` must not be empty. Received: regularization=[]")
    for strength in strengths:
        check_number("regularization", strength, "(0, inf)")
    return [float(strength) for strength in strengths]
