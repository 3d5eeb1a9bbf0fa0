"""Metrics of several labels and of numbers against scikit-learn."""

import types

import keras
import numpy as np
import pytest

from kerasrecipes import evaluation
from kerasrecipes.evaluation.multilabel_metrics import best_thresholds, multilabel_metrics

sklearn_metrics = pytest.importorskip("sklearn.metrics")


def scores(seed, images=60, labels=5, levels=None):
    """Probabilities that know something, with ties where `levels` is given."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((images, labels)) < [0.5, 0.2, 0.8, 0.05, 0.0]).astype("float32")
    p = np.clip(0.3 * truth + 0.7 * rng.random((images, labels)), 0, 1)
    return (np.round(p * levels) / levels if levels else p), truth


@pytest.mark.parametrize("levels", [None, 4])
@pytest.mark.parametrize("seed", range(4))
def test_metrics_of_several_labels_are_those_of_scikit_learn(seed, levels):
    p, truth = scores(seed, levels=levels)
    thresholds = np.linspace(0.3, 0.7, 5)
    ours = multilabel_metrics(p, truth, thresholds)
    predicted = p >= thresholds
    there = truth.any(axis=0)
    options = {"average": None, "zero_division": np.nan}
    expected = {
        "average_precision": [
            sklearn_metrics.average_precision_score(truth[:, i], p[:, i]) if there[i] else np.nan
            for i in range(5)
        ],
        "f1": sklearn_metrics.f1_score(truth, predicted, **options),
        "precision": sklearn_metrics.precision_score(truth, predicted, **options),
        "recall": sklearn_metrics.recall_score(truth, predicted, **options),
    }
    for name, values in expected.items():
        found = np.array([np.nan if value is None else value for value in ours[name]])
        np.testing.assert_allclose(found, values, atol=1e-6, err_msg=name)
    mean = np.nanmean(expected["average_precision"])
    assert ours["mean_average_precision"] == pytest.approx(mean, abs=1e-6)
    micro = sklearn_metrics.f1_score(truth, predicted, average="micro")
    assert ours["micro_f1"] == pytest.approx(micro, abs=1e-6)
    assert ours["macro_f1"] == pytest.approx(np.nanmean(expected["f1"]), abs=1e-6)
    assert ours["exact"] == sklearn_metrics.accuracy_score(truth, predicted)
    loss = sklearn_metrics.log_loss(truth.ravel(), np.clip(p, 1e-7, 1 - 1e-7).ravel())
    assert ours["loss"] == pytest.approx(loss, abs=1e-6)


@pytest.mark.parametrize("levels", [None, 4])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.slow
def test_no_threshold_has_a_higher_f1(seed, levels):
    p, truth = scores(seed, levels=levels)
    thresholds = best_thresholds(p, truth)
    assert thresholds[4] == 0.5  # nothing to choose from
    for label in range(4):
        tried = [
            sklearn_metrics.f1_score(truth[:, label], p[:, label] >= t, zero_division=0)
            for t in np.linspace(0, 1, 401)
        ]
        chosen = p[:, label] >= thresholds[label]
        assert sklearn_metrics.f1_score(truth[:, label], chosen) >= max(tried) - 1e-9
        assert thresholds[label] not in p[:, label]


def test_metrics_of_numbers_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    truth = rng.normal(5, [1, 30], (50, 2))
    predictions = truth + rng.normal(0, [0.5, 10], (50, 2))
    std = truth.std(axis=0)
    ours = evaluation.regression_metrics(predictions, truth, std)
    raw = {"multioutput": "raw_values"}
    assert ours["mean_absolute_error"] == pytest.approx(
        sklearn_metrics.mean_absolute_error(truth, predictions), abs=1e-6
    )
    pairs = {
        "absolute_error": sklearn_metrics.mean_absolute_error(truth, predictions, **raw),
        "root_mean_squared_error": sklearn_metrics.root_mean_squared_error(
            truth, predictions, **raw
        ),
        "r2": sklearn_metrics.r2_score(truth, predictions, **raw),
    }
    for name, values in pairs.items():
        np.testing.assert_allclose(ours[name], values, atol=1e-6)
    low, high = ours["interval"]
    errors = np.abs(predictions - truth).mean(axis=1)
    resampled = [errors[rng.integers(0, 50, 50)].mean() for _ in range(4000)]
    np.testing.assert_allclose([low, high], np.quantile(resampled, [0.025, 0.975]), rtol=0.05)


def test_the_loss_of_each_task_is_the_one_of_its_metrics():
    p, truth = scores(0)
    task = evaluation.MultilabelTask((0.5,) * 5)
    loss = float(keras.ops.convert_to_numpy(task.loss()(truth, p.astype("float32"))))
    assert loss == pytest.approx(task.metrics(p, truth)["loss"], rel=1e-5)
    labels = np.random.default_rng(0).normal(50, 9, (40, 1)).astype("float32")
    images = types.SimpleNamespace(
        task="regression", train=types.SimpleNamespace(labels=labels), num_classes=1
    )
    task = evaluation.task_of(images)
    inputs = keras.Input((1,))
    model = task.head(keras.Model(inputs, keras.layers.Activation("linear")(inputs)))
    output = model.predict(np.float32([[0], [1]]), verbose=0)
    np.testing.assert_allclose(output[:, 0], [labels.mean(), labels.mean() + labels.std()], 1e-5)
    predictions = labels + np.linspace(-30, 30, 40, dtype="float32")[:, None]
    loss = keras.ops.mean(task.loss()(keras.ops.convert_to_tensor(labels), predictions))
    assert float(loss) == pytest.approx(task.metrics(predictions, labels)["loss"], rel=1e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_labels_whose_probability_is_not_finite_are_not_predicted(bad):
    rng = np.random.default_rng(0)
    p, labels = rng.random((40, 3)), rng.integers(0, 2, (40, 3))
    thresholds = best_thresholds(p, labels)
    rest = multilabel_metrics(p, labels, thresholds)
    p[7, 1], labels[7] = bad, [0, 0, 0]
    metrics = multilabel_metrics(p, labels, thresholds)
    assert np.isnan([metrics["mean_average_precision"], metrics["loss"]]).all()
    assert metrics["average_precision"][1] is None and best_thresholds(p, labels)[1] == 0.5
    p[7] = [0.0, bad, 0.0]
    none = np.array([0.9, 0.9, 0.9])
    empty = multilabel_metrics(p[7:8], labels[7:8], none)
    assert empty["exact"] == 0 and empty["precision"] == [None] * 3
    assert rest["exact"] > 0 and not np.isnan(rest["loss"])


@pytest.mark.parametrize("name", ["multilabel", "regression"])
def test_predictions_that_are_not_finite_are_said(name):
    task = {
        "multilabel": evaluation.MultilabelTask((0.5, 0.5)),
        "regression": evaluation.RegressionTask((0.0, 0.0), (1.0, 1.0)),
    }[name]
    predictions, labels = np.full((4, 2), 0.75), np.ones((4, 2))
    result = evaluation.TestResult("test", 1, predictions, labels, 1.0, task)
    assert not any("NaN" in remark for remark in task.remarks(result))
    predictions[2, 1] = np.nan
    assert task.remarks(result)[0] == "The predictions for 1 of 4 images are NaN or infinite."
