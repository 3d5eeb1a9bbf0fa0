import math

import keras
import numpy as np
import pytest

from kerasrecipes.schedules import WarmRestarts, preview
from tests.schedules.paper_rates import paper_rates

CASES = [
    {"first": 10, "multiplier": 1},
    {"first": 10, "multiplier": 2, "minimum": 0.01},
    {"first": 5, "multiplier": 1.5, "peak": 0.5},
    {"first": 7.3, "multiplier": 3, "warmup": 11},
    {"first": 1, "multiplier": 1.05},
    {"first": 3, "multiplier": 1.5, "warmup": 1, "minimum": 0.3, "peak": 0.4},
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.traced
def test_every_step_is_the_formula(case):
    expected = paper_rates(400, 0.8, **case)
    rates = preview(
        WarmRestarts(
            0.8,
            case["first"],
            case["multiplier"],
            case.get("minimum", 0.0),
            case.get("peak", 1.0),
            case.get("warmup", 0),
        ),
        400,
    )
    np.testing.assert_allclose(rates, expected, atol=1e-6 * 0.8, rtol=0)


@pytest.mark.parametrize(
    "first, multiplier", [(2480, 1), (391, 2), (3910, 3), (100, 1.5), (1, 1.001)]
)
def test_each_restart_is_exactly_the_maximum_and_the_step_before_is_the_lowest(first, multiplier):
    schedule = WarmRestarts(0.1, first, multiplier)
    ends = schedule.cycle_ends(1_000_000)
    assert ends[0] == first
    for end in ends[:: max(1, len(ends) // 40)]:
        assert float(schedule(end)) == np.float32(0.1), end
        length = end - max([0, *(other for other in ends if other < end)])
        before = 0.05 * (1 + math.cos(math.pi * (length - 1) / length))
        assert float(schedule(end - 1)) == pytest.approx(before, abs=1e-7)


@pytest.mark.parametrize("multiplier", [1.0, 1 + 1e-12, 1.0001, 1.5, 2.0, 1e300])
def test_any_multiplier_is_exact_to_the_last_step_there_is(multiplier):
    schedule = WarmRestarts(0.1, 10, multiplier)
    assert float(schedule(0)) == np.float32(0.1)
    assert float(schedule(10)) == np.float32(0.1)
    assert 0 <= float(schedule(2**31 - 1)) <= np.float32(0.1)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_cycle_ends_are_the_sums_of_the_lengths(case):
    expected, done, cycle = [], case.get("warmup", 0), 0
    while done <= 500:
        done += max(1, round(case["first"] * case["multiplier"] ** cycle))
        cycle += 1
        expected.append(done)
    schedule = WarmRestarts(1.0, case["first"], case["multiplier"], warmup=case.get("warmup", 0))
    assert schedule.cycle_ends(500) == [end for end in expected if end <= 500]
    assert schedule.cycle_ends(expected[3])[-1] == expected[3]
    assert schedule.cycle_ends(expected[3] - 1)[-1] == expected[2]


def test_keras_misplaces_restarts():
    """Keras 3.15 takes a logarithm of the step in float32, and is at the bottom at a restart."""
    starts = WarmRestarts(0.1, 10, 2.0).cycle_ends(400_000)
    keras_schedule = keras.optimizers.schedules.CosineDecayRestarts(0.1, 10, t_mul=2.0)
    ours = WarmRestarts(0.1, 10, 2.0)
    assert [start for start in starts if float(ours(start)) != np.float32(0.1)] == []
    if all(float(keras_schedule(start)) > 0.0999 for start in starts):
        pytest.skip("CosineDecayRestarts of this Keras places every restart: mended")
    assert float(keras_schedule(81_910)) < 0.001


def test_in_float64():
    keras.config.set_floatx("float64")
    try:
        rates = preview(WarmRestarts(0.8, 10, 1.5, 0.1), 100)
    finally:
        keras.config.set_floatx("float32")
    tolerance = 1e-15 if rates.dtype == np.float64 else 1e-6
    np.testing.assert_allclose(rates, paper_rates(100, 0.8, 10, 1.5, 0.1), rtol=0, atol=tolerance)


def test_config_round_trip():
    schedule = WarmRestarts(0.1, 10, 1.5, 0.01, 0.9, 4)
    restored = keras.optimizers.schedules.deserialize(
        keras.optimizers.schedules.serialize(schedule)
    )
    assert restored.get_config() == schedule.get_config()
    np.testing.assert_array_equal(preview(restored, 50), preview(schedule, 50))


@pytest.mark.parametrize(
    "options, error, named",
    [
        ({"max_learning_rate": 0}, ValueError, "max_learning_rate"),
        ({"max_learning_rate": None}, TypeError, "max_learning_rate"),
        ({"first_cycle": 0}, ValueError, "first_cycle"),
        ({"first_cycle": float("nan")}, ValueError, "first_cycle"),
        ({"cycle_multiplier": 0.5}, ValueError, "cycle_multiplier"),
        ({"min_learning_rate": -0.1}, ValueError, "min_learning_rate"),
        ({"min_learning_rate": 0.2}, ValueError, "min_learning_rate"),
        ({"peak_multiplier": 0}, ValueError, "peak_multiplier"),
        ({"peak_multiplier": 1.1}, ValueError, "peak_multiplier"),
        ({"warmup": -1}, ValueError, "warmup"),
        ({"warmup": 0.5}, TypeError, "warmup"),
    ],
)
def test_bad_input(options, error, named):
    with pytest.raises(error, match=f"{named}.*Received"):
        WarmRestarts(**({"max_learning_rate": 0.1, "first_cycle": 10} | options))
