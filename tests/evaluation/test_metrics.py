"""Figures of a classifier against scikit-free loops."""

import numpy as np
import pytest

from kerasrecipes.evaluation import TestResult, how_good
from kerasrecipes.evaluation.metrics import (
    classification_metrics,
    confident_mistakes,
    confusion_matrix,
    most_confused,
)


@pytest.fixture
def scores():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(7), size=50)
    labels = rng.integers(0, 6, 50)  # class 6 is never there
    return probabilities, labels


def test_against_loops(scores):
    probabilities, labels = scores
    metrics = classification_metrics(probabilities, labels)
    right = loss = top = 0
    counts = np.zeros((7, 7), int)
    for row, label in zip(probabilities, labels):
        ranked = sorted(range(7), key=lambda i: -row[i])
        right += ranked[0] == label
        top += label in ranked[:5]
        loss -= np.log(row[label])
        counts[label, ranked[0]] += 1
    assert metrics["accuracy"] == right / 50
    assert metrics["top_5_accuracy"] == top / 50
    assert metrics["loss"] == pytest.approx(loss / 50)
    assert metrics["images"] == 50
    np.testing.assert_array_equal(confusion_matrix(probabilities, labels), counts)
    for k in range(7):
        there, said = counts[k].sum(), counts[:, k].sum()
        assert metrics["recall"][k] == (counts[k, k] / there if there else None)
        assert metrics["precision"][k] == (counts[k, k] / said if said else None)


def test_mistakes_are_sorted_by_confidence(scores):
    probabilities, labels = scores
    worst = confident_mistakes(probabilities, labels, 5)
    wrong = [i for i in range(50) if probabilities[i].argmax() != labels[i]]
    expected = sorted(wrong, key=lambda i: -probabilities[i].max())[:5]
    assert worst.tolist() == expected


def test_certain_and_wrong_has_a_finite_loss():
    metrics = classification_metrics(np.array([[1.0, 0.0]]), np.array([1]))
    assert metrics["loss"] == pytest.approx(-np.log(1e-7))
    assert "top_5_accuracy" not in metrics


def test_calibration_error_of_the_certain_and_wrong_and_of_a_diverged_model():
    assert classification_metrics(np.array([[1.0, 0.0]]), np.array([1]))["calibration_error"] == 1
    diverged = classification_metrics(np.full((2, 2), np.nan), np.array([0, 1]))
    assert np.isnan(diverged["calibration_error"])


def test_what_a_class_is_taken_for(scores):
    probabilities, labels = scores
    for label, taken_for in enumerate(most_confused(confusion_matrix(probabilities, labels))):
        said = probabilities[labels == label].argmax(axis=1)
        wrong = [int(one) for one in said if one != label]
        counts = [wrong.count(k) for k in range(7)]
        assert taken_for == (counts.index(max(counts)) if wrong else None)


def test_an_image_without_finite_probabilities_is_wrong(scores):
    """Whatever its label, the class that `argmax` happens to give included."""
    probabilities, labels = (np.array(values) for values in scores)
    broken = np.arange(0, len(labels), 5)
    probabilities[broken] = [np.nan, *np.zeros(probabilities.shape[1] - 1)]
    labels[broken] = 0
    finite = np.setdiff1d(np.arange(len(labels)), broken)
    rest = classification_metrics(probabilities[finite], labels[finite])
    metrics = classification_metrics(probabilities, labels)
    assert metrics["accuracy"] == pytest.approx(rest["accuracy"] * len(finite) / len(labels))
    assert metrics["precision"] == rest["precision"] and metrics["recall"][1:] == rest["recall"][1:]
    share = np.sum(labels[finite] == 0) / np.sum(labels == 0)
    assert metrics["recall"][0] == pytest.approx(rest["recall"][0] * share)
    if "top_5_accuracy" in metrics:
        assert metrics["top_5_accuracy"] <= len(finite) / len(labels)
    assert np.isnan([metrics["loss"], metrics["calibration_error"]]).all()
    result = TestResult("test", 1, probabilities, labels, 1.0)
    assert how_good(result).startswith(f"Test accuracy: {metrics['accuracy']:.1%}")
    assert set(confident_mistakes(probabilities, labels, len(labels))[-len(broken) :]) == {*broken}
