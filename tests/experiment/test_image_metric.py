"""Metrics in which each image counts once and padding does not."""

import keras
import numpy as np
import pytest

from kerasrecipes.augment.padded_batches import PADDING
from kerasrecipes.experiment.image_metric import ImageMetric

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 4, 30)
PROBABILITIES = RNG.dirichlet(np.ones(4), 30).astype("float32")
WEIGHTS = np.where(np.arange(30) % 3, RNG.uniform(0.1, 5, 30), PADDING).astype("float32")
WEIGHTS[1::6] = 0  # images of weight 0, which count
COUNTS = np.arange(30) % 3 > 0


def found(metric, labels, predictions):
    for part in (slice(0, 11), slice(11, 30)):  # two batches
        metric.update_state(labels[part], predictions[part], WEIGHTS[part])
    return float(metric.result())


@pytest.mark.parametrize("shape", ["labels", "column", "one-hot"])
def test_accuracy_is_of_the_images_and_not_of_padding(shape):
    known = {"labels": LABELS, "column": LABELS[:, None], "one-hot": np.eye(4)[LABELS]}[shape]
    expected = np.mean((PROBABILITIES.argmax(axis=1) == LABELS)[COUNTS])
    metric = ImageMetric("accuracy")
    assert found(metric, known, PROBABILITIES) == pytest.approx(expected)
    assert metric.name == "accuracy"
    metric.reset_state()
    metric.update_state(known, PROBABILITIES)
    expected = np.mean(PROBABILITIES.argmax(axis=1) == LABELS)
    assert float(metric.result()) == pytest.approx(expected)


def test_another_metric():
    labels, predictions = RNG.normal(size=(2, 30, 1)).astype("float32")
    metric = ImageMetric(keras.metrics.MeanAbsoluteError(name="mean_absolute_error"))
    expected = np.mean(np.abs(labels - predictions)[COUNTS])
    assert found(metric, labels, predictions) == pytest.approx(expected, rel=1e-5)
    assert metric.name == "mean_absolute_error"


@pytest.mark.parametrize("given", ["accuracy", keras.metrics.MeanAbsoluteError(name="mae")])
def test_a_compiled_model_with_it_is_cloned(given):
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(4)])
    metric = ImageMetric(given)
    model.compile("sgd", "mse", weighted_metrics=[metric])
    keras.models.clone_model(model)
    again = ImageMetric.from_config(metric.get_config())
    again.update_state(np.eye(4)[LABELS], PROBABILITIES)
    metric.update_state(np.eye(4)[LABELS], PROBABILITIES)
    assert again.name == metric.name and float(again.result()) == float(metric.result())


def test_fit_shows_what_it_shows_without_weights():
    x = RNG.normal(size=(30, 5)).astype("float32")
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(4, "softmax")])
    model.compile(
        "sgd", "sparse_categorical_crossentropy", weighted_metrics=[ImageMetric("accuracy")]
    )
    weights = np.arange(30.0)
    shown = model.evaluate(x, LABELS, sample_weight=weights, verbose=0, return_dict=True)
    accuracy = np.mean(model.predict(x, verbose=0).argmax(axis=1) == LABELS)
    assert shown["accuracy"] == pytest.approx(accuracy)
    history = model.fit(x, LABELS, sample_weight=weights, verbose=0).history
    assert set(history) == {"loss", "accuracy"}
