"""The schedule of a rate that falls."""

import math

import pytest

from kerasrecipes import experiment


def found(schedule, steps):
    return [float(schedule(step)) for step in steps]


def test_steps_are_at_fractions_of_the_training():
    rate = experiment.falling_rate("steps", 0.1, 64000)
    steps = (0, 31999, 32000, 47999, 48000, 63999)
    assert found(rate, steps) == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    rate = experiment.falling_rate("steps", 1.0, 10, (0.3, 0.6, 0.9), factor=0.5)
    assert found(rate, (2, 3, 5, 6, 8, 9)) == pytest.approx([1, 0.5, 0.5, 0.25, 0.25, 0.125])


def test_a_cosine_falls_to_zero():
    rate = experiment.falling_rate("cosine", 0.2, 100)
    expected = [0.1 * (1 + math.cos(math.pi * step / 100)) for step in (0, 25, 50, 99)]
    assert found(rate, (0, 25, 50, 99)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("kind", ["cosine", "steps"])
def test_a_training_of_one_step(kind):
    assert found(experiment.falling_rate(kind, 0.5, 1), [0]) == pytest.approx([0.5])


def test_a_fraction_whose_product_is_rounded_down():
    rate = experiment.falling_rate("steps", 1.0, 100, (0.29,))
    assert found(rate, (28, 29)) == pytest.approx([1, 0.1])


@pytest.mark.parametrize("kind", ["cosine", "steps"])
@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"kind": "linear"}, ValueError, "`kind` must be one of.*kind='linear'"),
        ({"rate": -1}, ValueError, r"`rate` must be in \(0, inf\).*rate=-1"),
        ({"steps": 0}, ValueError, r"`steps` must be in \[1, inf\).*steps=0"),
        ({"steps": 1.5}, TypeError, "`steps` must be an integer.*steps=1.5"),
        ({"at": (2.0,)}, ValueError, r"`at` must be in \(0, 1\).*at=2.0"),
        ({"at": (-0.5,)}, ValueError, r"`at` must be in \(0, 1\).*at=-0.5"),
        ({"at": (0.75, 0.5)}, ValueError, r"`at` must be strictly increasing.*\(0.75, 0.5\)"),
        ({"at": 0.5}, TypeError, "`at` must be a tuple.*at=0.5"),
        ({"factor": 1.0}, ValueError, r"`factor` must be in \(0, 1\).*factor=1.0"),
    ],
)
def test_what_is_refused(kind, arguments, error, words):
    with pytest.raises(error, match=words):
        experiment.falling_rate(**{"kind": kind, "rate": 0.1, "steps": 10, **arguments})
