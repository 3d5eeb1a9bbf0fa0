"""`--scale-rate` multiplies the rate by the batch's size, after a warm-up."""

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import SGDR, PlateauFactor, Resume
from kerasrecipes.experiment import TrainingConfig
from kerasrecipes.experiment.scaled_rate import ScaledRate
from tests.callbacks.small_fit import STEPS, Kill, KillAt, assert_same, fit, small_model, values


class Rates(keras.callbacks.Callback):
    """What the optimizer used in each step."""

    def on_train_begin(self, logs=None):
        self.rates = []

    def on_train_batch_begin(self, batch, logs=None):
        rate = keras.ops.convert_to_numpy(self._model.optimizer.learning_rate)
        self.rates.append(float(rate))


@pytest.mark.slow
def test_the_rate_rises_to_k_times_and_is_given_back():
    model, rates = small_model(), Rates()  # at 0.5
    history = fit(model, epochs=8, callbacks=[ScaledRate(4.0), rates])
    steps = np.arange(8 * STEPS)  # the warm-up is a quarter of eight epochs
    expected = 0.5 * (1 + 3 * np.minimum(1, steps / (2 * STEPS)))
    np.testing.assert_allclose(rates.rates, expected, rtol=1e-6)
    np.testing.assert_allclose(history.history["learning_rate"], expected[STEPS - 1 :: STEPS])
    np.testing.assert_allclose(float(model.optimizer.learning_rate), 0.5)


@pytest.mark.slow
def test_it_multiplies_a_callback_that_drives_the_rate():
    model, rates = small_model(), Rates()
    fit(model, epochs=8, callbacks=[ScaledRate(3.0), SGDR(0.1, 8), rates])
    plain = Rates()
    fit(small_model(), epochs=8, callbacks=[SGDR(0.1, 8), plain])
    factor = 1 + 2 * np.minimum(1, np.arange(8 * STEPS) / (2 * STEPS))
    np.testing.assert_allclose(rates.rates, np.array(plain.rates) * factor, rtol=1e-5)


@pytest.mark.parametrize("plateau_first", [True, False])
@pytest.mark.slow
def test_it_multiplies_the_factor_of_plateaus(plateau_first):
    model, rates = small_model(), Rates()  # at 0.5
    plateau = PlateauFactor("loss", factor=0.5, patience=1, min_delta=1e9)
    callbacks = [plateau, ScaledRate(3.0)][:: 1 if plateau_first else -1]
    history = fit(model, epochs=4, callbacks=[*callbacks, rates])
    factors = np.repeat([1, 1, 0.5, 0.25], STEPS)
    steps = np.arange(4 * STEPS)
    expected = 0.5 * factors * (1 + 2 * np.minimum(1, steps / STEPS))
    np.testing.assert_allclose(rates.rates, expected, rtol=1e-6)
    np.testing.assert_allclose(history.history["learning_rate"], expected[STEPS - 1 :: STEPS])
    assert plateau.total_factor == 0.125
    np.testing.assert_allclose(float(model.optimizer.learning_rate), 0.5 * 0.125)


@pytest.mark.slow
def test_a_killed_run_resumes_in_the_warm_up(tmp_path):
    def small():
        return small_model(optimizer=keras.optimizers.SGD(0.01))

    whole = small()
    fit(whole, epochs=8, callbacks=[ScaledRate(4.0)])
    with pytest.raises(Kill):
        kill = KillAt(STEPS + 2)
        resume = Resume(tmp_path, every_steps=1)
        fit(small(), epochs=8, callbacks=[ScaledRate(4.0), resume, kill])
    model = small()
    fit(model, epochs=8, callbacks=[ScaledRate(4.0), Resume(tmp_path, every_steps=1)])
    assert_same(values(model.variables), values(whole.variables))


def test_the_factor_is_the_batch_over_that_of_the_recipe():
    assert TrainingConfig(batch_size=512, scale_rate=True).rate_scale() == 4


@pytest.mark.slow
def test_batches_of_an_update_count_and_a_smaller_one_has_its_rate_at_once():
    config = TrainingConfig(batch_size=32, accumulation_steps=8, scale_rate=True)
    assert config.rate_scale() == 2
    with pytest.raises(ValueError, match="scale_rate.*accumulation_steps=4"):
        TrainingConfig(batch_size=32, accumulation_steps=4, scale_rate=True)
    rates = Rates()
    fit(small_model(), epochs=2, callbacks=[ScaledRate(0.25), rates])
    np.testing.assert_allclose(rates.rates, 0.125)
