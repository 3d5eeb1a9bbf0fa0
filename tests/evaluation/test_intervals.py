"""Means, differences and charts with their intervals, against SciPy and loops in NumPy."""

import numpy as np
import pytest

from kerasrecipes import evaluation
from kerasrecipes.evaluation.mean_interval import student_quantile


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 10, 30, 999, 1000])
def test_quantiles_of_student_are_those_of_scipy(freedom):
    stats = pytest.importorskip("scipy.stats")
    expected = stats.t.ppf(0.975, freedom)
    np.testing.assert_allclose(student_quantile(freedom), expected, rtol=1e-9)


def test_mean_interval_is_that_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(0).normal(1.0, 2.0, 7)
    expected = stats.t.interval(0.95, 6, values.mean(), stats.sem(values))
    found = evaluation.mean_interval(values)
    np.testing.assert_allclose([found.low, found.high], expected, rtol=1e-9)
    assert found.mean == pytest.approx(values.mean())


@pytest.mark.parametrize("values", [[1.0], [], [1.0, np.nan], [[1.0, 2.0]]])
def test_mean_interval_refuses_other_samples(values):
    with pytest.raises(ValueError, match="`values`.*Received"):
        evaluation.mean_interval(values)


def result(name, probabilities, labels):
    return evaluation.TestResult(name, 1, probabilities, labels, 1.0)


def test_loss_difference_is_that_of_the_two_losses():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, 50)
    one, other = (result(name, rng.dirichlet(np.ones(4), 50), labels) for name in ("a", "b"))
    found = evaluation.loss_difference(one, other)
    assert found.mean == pytest.approx(other.metrics()["loss"] - one.metrics()["loss"])
    each = [
        np.log(one.probabilities[i, label]) - np.log(other.probabilities[i, label])
        for i, label in enumerate(labels)
    ]
    half = student_quantile(49) * np.std(each, ddof=1) / np.sqrt(50)
    assert (found.high - found.low) / 2 == pytest.approx(half)
    assert evaluation.loss_difference(one, one) == (0, 0, 0)


def test_loss_difference_refuses_other_images():
    probabilities = np.full((3, 2), 0.5)
    one, other = (result("a", probabilities, np.array([0, 1, last])) for last in (0, 1))
    with pytest.raises(ValueError, match="same order. Received: tests of 3 and 3 images"):
        evaluation.loss_difference(one, other)


def test_intervals_figure_draws_every_value_in_its_row():
    panels = {"gain": {"none": 0.0, "l2": (0.2, 0.1, 0.4)}, "size": {"l2": 3.0, "new": 4.0}}
    gain, size = evaluation.intervals_figure(panels).axes
    assert [label.get_text() for label in gain.get_yticklabels()] == ["none", "l2", "new"]
    dots = [line for line in size.lines if line.get_marker() == "o"]
    points = [tuple(map(float, line.get_xydata()[0])) for line in dots]
    assert points == [(3.0, 1.0), (4.0, 2.0)]
    bars = [line.get_xdata() for line in gain.lines if line.get_marker() == "None"]
    assert [list(map(float, bar)) for bar in bars[:2]] == [[0.0, 0.0], [0.1, 0.4]]
    assert len(bars) == 3 and len(size.lines) == 4  # the line at 0 where values reach it
