"""Two classifiers on the same images, against SciPy and a simulation."""

import numpy as np
import pytest

from kerasrecipes.evaluation import TestResult, paired_test, winner
from kerasrecipes.evaluation.paired_test import difference_interval, mcnemar_p


def result(name, right):
    probabilities = np.where(np.asarray(right)[:, None], [[0.8, 0.2]], [[0.3, 0.7]])
    return TestResult(name, 1, probabilities, np.zeros(len(right), int), 1.0)


def tables(both, gained, lost, neither):
    first = [True] * both + [False] * gained + [True] * lost + [False] * neither
    second = [True] * both + [True] * gained + [False] * lost + [False] * neither
    return [result("the_baseline", first), result("mine", second)]


@pytest.mark.parametrize("gained, lost", [(0, 0), (1, 0), (5, 0), (0, 6), (17, 4), (120, 95)])
def test_p_is_that_of_scipy(gained, lost):
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert mcnemar_p(gained, lost) == pytest.approx(expected, rel=1e-9)


def test_counts():
    test = paired_test(*tables(50, 17, 4, 29))
    assert (test.images, test.gained, test.lost) == (100, 17, 4)
    assert test.difference == pytest.approx(0.13)
    assert test.interval[0] < 0.13 < test.interval[1]
    assert test.is_significant


def test_many_images():
    assert mcnemar_p(10_000, 9_000) < 1e-10
    assert 0.4 < mcnemar_p(10_000, 9_900) < 0.6


@pytest.mark.parametrize(
    "count, gain, loss", [(100, 0.10, 0.05), (1000, 0.04, 0.04), (40, 0.2, 0.1)]
)
def test_the_interval_holds_the_difference_in_19_of_20_cases(count, gain, loss):
    rng = np.random.default_rng(0)
    draws = rng.multinomial(count, [gain, loss, 1 - gain - loss], size=4000)
    intervals = np.array([difference_interval(g, lo, count) for g, lo, _ in draws])
    covered = np.mean((intervals[:, 0] <= gain - loss) & (gain - loss <= intervals[:, 1]))
    assert 0.93 < covered < 0.975


def test_other_images_are_refused():
    first, second = tables(5, 1, 1, 3)
    with pytest.raises(ValueError, match="`second` must be a test on the images of `first`"):
        paired_test(first, result("mine", [True] * 9))
    other = TestResult("mine", 1, second.probabilities, 1 - second.labels, 1.0)
    with pytest.raises(ValueError, match="same order"):
        winner([first, other])


def test_one_image_of_21_is_no_win():
    sentence = winner(tables(19, 1, 0, 1), "Pays with more.")
    assert sentence.startswith(
        "No difference that 21 images can show: 95.2% right with mine, 90.5%"
    )
    assert "+4.8 points" in sentence and "4.76%" not in sentence
    assert sentence.endswith("Pays with more.")


def test_a_gain_and_a_loss_of_many_images():
    gain = winner(tables(800, 100, 30, 70), "Pays with more.")
    assert gain.startswith(
        "90.0% right with mine, 7.0 points better than with the baseline (83.0%)"
    )
    assert "p < 0.001" in gain and "Pays" not in gain
    loss = winner(tables(800, 30, 100, 70), "Pays with more.")
    assert loss.startswith("83.0% right with mine, 7.0 points worse than with") and loss.endswith(
        "Pays with more."
    )
