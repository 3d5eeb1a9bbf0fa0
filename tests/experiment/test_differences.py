"""Differences of classifiers, also where a loss has no interval."""

import numpy as np
import pytest

from kerasrecipes.evaluation import TestResult, intervals_figure, loss_difference
from kerasrecipes.experiment.differences import differences


def result(name, probabilities):
    labels = np.arange(len(probabilities)) % 2
    return TestResult(name, 1, np.array(probabilities), labels, 1.0)


RIGHT, WRONG = [[0.8, 0.2], [0.3, 0.7], [0.6, 0.4]], [[0.4, 0.6], [0.6, 0.4], [0.7, 0.3]]
LOST = [[np.nan, np.nan]] * 3


def test_a_sentence_for_each_other_classifier():
    one, other = result("one", RIGHT), result("the_other", WRONG)
    panels, (sentence,) = differences([one, other])
    mean, low, high = loss_difference(one, other)
    assert sentence.startswith(f"the other: loss {other.metrics()['loss']:.4f}, {mean:+.4f} ")
    assert f"interval {low:.4f} to {high:.4f}" in sentence
    assert panels["loss against one"] == {"one": 0.0, "the_other": (mean, low, high)}


@pytest.mark.parametrize(
    ("probabilities", "named"),
    [((RIGHT, LOST), []), ((LOST, RIGHT), []), ((RIGHT, LOST, WRONG), ["2"]),
     ((RIGHT[:1], WRONG[:1]), [])],
)  # fmt: skip
def test_a_loss_without_an_interval_is_left_out(probabilities, named):
    results = [result(str(place), part) for place, part in enumerate(probabilities)]
    panels, sentences = differences(results)
    assert [sentence.partition(":")[0] for sentence in sentences] == named
    assert list(panels["loss against 0"]) == ["0", *named]
    assert len(panels["accuracy against 0"]) == len(results)
    intervals_figure(panels)
