import keras
import numpy as np
import pytest

from kerasrecipes.schedules import StepDecay, preview


def paper_rate(step, initial, boundaries, factor, warmup):
    if step < warmup:
        return initial * (step + 1) / (warmup + 1)
    return initial * factor ** sum(step >= boundary for boundary in boundaries)


@pytest.mark.parametrize(
    "initial, boundaries, factor, warmup",
    [(0.1, [7, 19], 0.1, 0), (3, (5, 6, 30), 0.5, 5), (0.1, [], 0.1, 4), (1e-3, [1], 0.2, 0)],
)
def test_every_step_is_the_formula(initial, boundaries, factor, warmup):
    rates = preview(StepDecay(initial, boundaries, factor, warmup), 40)
    expected = [paper_rate(step, initial, boundaries, factor, warmup) for step in range(40)]
    np.testing.assert_allclose(rates, expected, rtol=2e-7)


def test_a_boundary_is_the_first_step_of_the_lower_rate():
    rates = preview(StepDecay(1.0, [3]), 5)
    assert rates[2] == 1.0 and rates[3] == np.float32(0.1)


def test_config_round_trip():
    schedule = StepDecay(0.1, [7, 19], factor=0.2, warmup=3)
    config = keras.optimizers.schedules.serialize(schedule)
    restored = keras.optimizers.schedules.deserialize(config)
    assert restored.get_config() == schedule.get_config()
    np.testing.assert_array_equal(preview(restored, 25), preview(schedule, 25))


@pytest.mark.parametrize(
    "options, error, named",
    [
        ({"initial_learning_rate": 0.0}, ValueError, "initial_learning_rate"),
        ({"initial_learning_rate": "a"}, TypeError, "initial_learning_rate"),
        ({"boundaries": 5}, TypeError, "boundaries"),
        ({"boundaries": [5, 5]}, ValueError, "boundaries"),
        ({"boundaries": [9, 5]}, ValueError, "boundaries"),
        ({"boundaries": [0]}, ValueError, "boundaries"),
        ({"boundaries": [2.5]}, TypeError, "boundaries"),
        ({"boundaries": [3], "warmup": 4}, ValueError, "warm-up"),
        ({"factor": 1.0}, ValueError, "factor"),
        ({"factor": 0}, ValueError, "factor"),
        ({"warmup": -1}, ValueError, "warmup"),
        ({"warmup": 1.5}, TypeError, "warmup"),
    ],
)
def test_bad_input(options, error, named):
    with pytest.raises(error, match=f"{named}.*Received"):
        StepDecay(**({"initial_learning_rate": 0.1, "boundaries": [5]} | options))
