import math
import warnings

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import SGDR, PlateauFactor
from kerasrecipes.schedules import Scaled, StepDecay, preview
from tests.callbacks.rates import Weights, ones, slope_model


class Scores(keras.callbacks.Callback):
    """Says that the metric `score` had these values at the epochs' ends."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["score"] = self.values[epoch]


def rates_of(model, values, batches=2, **options):
    plateau, recorder = PlateauFactor("score", mode="min", **options), Weights()
    history = model.fit(
        *ones(batches), 1, epochs=len(values), verbose=0,
        callbacks=[Scores(values), plateau, recorder],
    )  # fmt: skip
    last = recorder.rates[batches - 1 :: batches]
    np.testing.assert_allclose(history.history["learning_rate"], last, atol=1e-6)
    return recorder.rates


def test_keras_reduce_lr_on_plateau_and_learning_rate_scheduler_raise_on_a_schedule():
    """Keras 3.15 cannot set a rate that is a schedule; PlateauFactor and SGDR need not."""
    theirs = {
        "ReduceLROnPlateau": keras.callbacks.ReduceLROnPlateau("loss", patience=0, min_delta=9e9),
        "LearningRateScheduler": keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate),
    }
    for callback in theirs.values():
        model = slope_model(keras.optimizers.SGD(StepDecay(0.1, [3])))
        try:
            model.fit(*ones(2), 1, epochs=3, callbacks=[callback], verbose=0)
        except TypeError as error:
            assert "not settable" in str(error)
            continue
        pytest.skip(f"{type(callback).__name__} of this Keras works on a schedule: mended")


@pytest.mark.parametrize("ours", [SGDR(0.1), PlateauFactor("loss")])
@pytest.mark.parametrize("theirs", ["ReduceLROnPlateau", "LearningRateScheduler"])
def test_a_callback_of_keras_that_sets_the_rate_too_costs_a_warning(ours, theirs, recwarn):
    options = {"ReduceLROnPlateau": {"monitor": "loss"}}
    rival = getattr(keras.callbacks, theirs)(**options.get(theirs, {"schedule": lambda epoch: 0.1}))
    for callbacks in ([ours, rival], [rival, ours], [ours]):
        model = slope_model(keras.optimizers.SGD(0.1))
        warnings.simplefilter("always")
        model.fit(*ones(2), 1, epochs=1, callbacks=callbacks, verbose=0)
    said = [str(one.message) for one in recwarn if "overwrites" in str(one.message)]
    assert len(said) == 2 and set(said) == {
        f"{theirs} beside {type(ours).__name__}: both set the learning rate, and one overwrites "
        f"the other. Leave out {theirs}; PlateauFactor lowers the rate on a plateau, on top of "
        "SGDR or any schedule."
    }


@pytest.mark.parametrize("compiled", ["number", "schedule"])
def test_the_rate_is_the_factor_times_whatever_was_compiled_in(compiled):
    schedule = StepDecay(0.5, [5, 9])
    own = 0.5 if compiled == "number" else schedule
    model = slope_model(keras.optimizers.SGD(own))
    rates = rates_of(model, [3.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0], factor=0.5, patience=2)
    factors = np.repeat([1, 1, 1, 1, 0.5, 0.5, 0.25 * 2], 2)
    expected = factors * (preview(schedule, 14) if compiled == "schedule" else 0.5)
    np.testing.assert_allclose(rates, expected, atol=1e-6)
    assert float(model.optimizer.learning_rate) == pytest.approx(
        (0.5 if compiled == "number" else float(schedule(14))) * 0.5
    )


def test_the_lower_rate_stays_and_is_saved(tmp_path):
    model = slope_model(keras.optimizers.SGD(StepDecay(0.5, [100])))
    rates_of(model, [1.0, 1.0], factor=0.5, patience=1)
    config = model.optimizer.get_config()["learning_rate"]
    restored = keras.optimizers.schedules.deserialize(config)
    assert isinstance(restored, Scaled) and float(restored(0)) == 0.25
    recorder = Weights()
    model.fit(*ones(2), 1, callbacks=[recorder], verbose=0)
    np.testing.assert_allclose(recorder.rates, 0.25, rtol=1e-6)


def test_fits_without_a_plateau_leave_schedule_and_step_as_they_are():
    model = slope_model(keras.optimizers.SGD(StepDecay(0.5, [100])))
    schedule, steps = model.optimizer.get_config()["learning_rate"], []
    for _ in range(3):
        rates_of(model, [1.0])
        steps.append(model.train_function)
    assert model.optimizer.get_config()["learning_rate"] == schedule
    assert steps[0] is steps[1] is steps[2]


def test_factors_of_several_fits_are_one():
    model = slope_model(keras.optimizers.SGD(StepDecay(0.5, [100])))
    for _ in range(2):
        rates_of(model, [1.0, 1.0], factor=0.5, patience=1)
    config = model.optimizer.get_config()["learning_rate"]
    restored = keras.optimizers.schedules.deserialize(config)
    assert restored.factor == 0.25 and isinstance(restored.schedule, StepDecay)


def test_nan_is_no_improvement_cooldown_and_floor():
    model = slope_model(keras.optimizers.SGD(0.5))
    values = [math.nan, math.nan, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    rates = rates_of(model, values, batches=1, factor=0.5, patience=2, cooldown=2, min_factor=0.2)
    factors = [1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25]
    np.testing.assert_allclose(rates, 0.5 * np.array(factors), rtol=1e-5)


@pytest.mark.traced
def test_state_goes_on_elsewhere():
    model = slope_model(keras.optimizers.SGD(StepDecay(0.5, [100])))
    first = PlateauFactor("score", 0.5, patience=3, mode="max")
    state = {}
    keeper = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: state.update(first.get_state())
    )
    model.fit(
        *ones(1), epochs=6, verbose=0,
        callbacks=[Scores([1.0] * 6), first, keeper],
    )  # fmt: skip
    assert state == {"best": 1.0, "wait": 2, "rest": 0, "total_factor": 0.5}
    other = slope_model(keras.optimizers.SGD(StepDecay(0.5, [100])))
    second, recorder = PlateauFactor("score", 0.5, patience=3, mode="max"), Weights()
    restore = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: second.set_state(state))
    other.fit(
        *ones(1), epochs=3, verbose=0,
        callbacks=[Scores([1.0] * 3), second, restore, recorder],
    )  # fmt: skip
    np.testing.assert_allclose(recorder.rates, [0.25, 0.125, 0.125], rtol=1e-5)


def test_the_direction_is_read_from_the_metric_and_a_missing_one_is_named():
    model = slope_model(metrics=["accuracy"])
    plateau = PlateauFactor("accuracy", 0.5, patience=1)
    model.fit(*ones(1), epochs=2, callbacks=[plateau], verbose=0)
    with pytest.raises(ValueError, match="accuracy, loss.*Received: monitor='val_loss'"):
        model.fit(*ones(1), callbacks=[PlateauFactor()], verbose=0)


@pytest.mark.parametrize(
    "options, error, named",
    [
        ({"monitor": 3}, TypeError, "monitor"),
        ({"factor": 1.0}, ValueError, "factor"),
        ({"factor": 0}, ValueError, "factor"),
        ({"patience": 0}, ValueError, "patience"),
        ({"patience": -1}, ValueError, "patience"),
        ({"mode": "best"}, ValueError, "mode"),
        ({"min_delta": -1e-3}, ValueError, "min_delta"),
        ({"cooldown": 0.5}, TypeError, "cooldown"),
        ({"min_factor": 1}, ValueError, "min_factor"),
    ],
)
def test_bad_input(options, error, named):
    with pytest.raises(error, match=f"{named}.*Received"):
        PlateauFactor(**options)
