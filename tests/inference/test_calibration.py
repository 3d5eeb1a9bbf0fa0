"""Calibration against loops, and the temperature against SciPy's minimiser."""

import warnings

import keras
import numpy as np
import pytest

from kerasrecipes.inference import expected_calibration_error, fit_temperature, reliability
from kerasrecipes.layers import TemperatureScaling
from tests.softmax import softmax


def outcomes(examples=400, classes=5, sharpness=1.0, seed=0):
    """Scores, and labels drawn from softmax(scores / sharpness)."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 3, (examples, classes))
    labels = [rng.choice(classes, p=row) for row in softmax(scores / sharpness)]
    return scores, np.array(labels)


@pytest.mark.parametrize("bins", [1, 4, 15])
def test_error_and_bins_against_a_loop(bins):
    scores, labels = outcomes(sharpness=2.0)
    shares = softmax(scores)
    shares[:3] = [[0.6, 0.4, 0, 0, 0], [1, 0, 0, 0, 0], [0.2] * 5]  # on the edges of bins
    groups = {b: [] for b in range(bins)}
    for row, label in zip(shares, labels):
        place = next(b for b in range(bins) if max(row) <= (b + 1) / bins)
        groups[place].append((max(row), int(np.argmax(row)) == label))
    count, confidence, accuracy = reliability(shares, labels, bins)
    error = 0.0
    for b, group in groups.items():
        assert count[b] == len(group)
        if not group:
            assert np.isnan(confidence[b]) and np.isnan(accuracy[b])
            continue
        means = np.mean([c for c, _ in group]), np.mean([r for _, r in group])
        np.testing.assert_allclose([confidence[b], accuracy[b]], means)
        error += len(group) / len(labels) * abs(means[0] - means[1])
    assert expected_calibration_error(shares, labels, bins) == pytest.approx(error, abs=1e-12)


def test_an_honest_model_has_no_error_and_a_boastful_one_all_of_it():
    honest = np.tile([0.75, 0.25], (4, 1))
    assert expected_calibration_error(honest, np.array([0, 0, 0, 1])) == 0
    sure = np.tile([1.0, 0.0], (4, 1))
    assert expected_calibration_error(sure, np.ones(4, int)) == 1


@pytest.mark.parametrize("sharpness", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("from_logits", [False, True])
def test_the_temperature_is_the_minimum_that_scipy_finds(sharpness, from_logits):
    optimize = pytest.importorskip("scipy.optimize")
    special = pytest.importorskip("scipy.special")
    scores, labels = outcomes(sharpness=sharpness)

    def loss(log_temperature):
        z = scores / np.exp(log_temperature)
        return (special.logsumexp(z, axis=1) - z[np.arange(len(labels)), labels]).mean()

    best = optimize.minimize_scalar(loss, (-3, 3), options={"xtol": 1e-12})
    ours = fit_temperature(scores if from_logits else softmax(scores), labels, from_logits)
    assert loss(np.log(ours)) <= best.fun + 1e-12
    assert ours == pytest.approx(np.exp(best.x), rel=1e-5)


def test_the_layer_with_the_temperature_is_calibrated():
    scores, labels = outcomes(examples=4000, sharpness=3.0)
    shares = softmax(scores).astype("float32")
    temperature = fit_temperature(shares, labels)
    assert temperature == pytest.approx(3.0, rel=0.1)
    scaled = keras.ops.convert_to_numpy(TemperatureScaling(temperature)(shares))
    assert expected_calibration_error(shares, labels) > 0.2
    assert expected_calibration_error(scaled, labels) < 0.03
    np.testing.assert_array_equal(scaled.argmax(axis=1), shares.argmax(axis=1))


def test_huge_and_tiny_scores_have_a_temperature_too():
    scores, labels = outcomes(sharpness=2.0)
    base = fit_temperature(scores, labels, from_logits=True)
    for factor in (1e-6, 1e6):
        ours = fit_temperature(scores * factor + 7, labels, from_logits=True)
        assert ours == pytest.approx(base * factor, rel=1e-4)


@pytest.mark.parametrize(
    "scores, labels, words",
    [
        ([[2.0, 0.0], [0.0, 1.0]], [0, 1], "every example is correct"),
        ([[2.0, 0.0], [0.0, 1.0]], [1, 0], "do not predict the labels"),
        ([[0.0, 0.0], [1.0, 1.0]], [0, 1], "every example is correct"),
    ],
)
def test_where_no_temperature_is_best_it_stays_one_and_warns(scores, labels, words):
    with pytest.warns(UserWarning, match=words):
        assert fit_temperature(np.array(scores), np.array(labels), from_logits=True) == 1.0


def test_one_mistake_is_enough_for_a_temperature():
    shares = np.array([[0.9, 0.1]] * 99 + [[0.6, 0.4]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert 0 < fit_temperature(shares, np.array([0] * 99 + [1])) < 1


@pytest.mark.parametrize("function", [expected_calibration_error, reliability, fit_temperature])
@pytest.mark.parametrize(
    "shares, labels, error, words",
    [
        ([[0.5, 0.5]], [2], ValueError, r"0\.\.1.*Received"),
        ([[0.5, 0.5]], [-1], ValueError, r"0\.\.1.*Received"),
        ([[0.5, 0.5]], [0.0], TypeError, "integers.*Received"),
        ([[0.5, 0.5]], [0, 1], ValueError, r"\(1,\).*Received"),
        ([0.5, 0.5], [0, 1], ValueError, "shape.*Received"),
        (np.zeros((0, 2)), [], ValueError, "shape.*Received"),
        ([[3.0, -2.0]], [0], ValueError, "sum to 1.*Received"),
        ([[np.nan, 1.0]], [0], ValueError, "finite.*Received"),
    ],
)
def test_bad_outcomes(function, shares, labels, error, words):
    with pytest.raises(error, match=words):
        function(np.array(shares), np.array(labels))


def test_bad_options():
    with pytest.raises(ValueError, match="`bins`"):
        expected_calibration_error(np.array([[0.5, 0.5]]), np.array([0]), bins=0)
    with pytest.raises(TypeError, match="`from_logits`"):
        fit_temperature(np.array([[0.5, 0.5]]), np.array([0]), from_logits=1)
