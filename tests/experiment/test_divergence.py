"""Training that diverges: where it stops, what it gives back, what it says."""

import math

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import PlateauFactor, Resume
from kerasrecipes.experiment.divergence import Divergence
from tests.callbacks.small_fit import Act, Kill


class Explode(keras.callbacks.Callback):
    """Makes a weight infinite at the beginning of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch, self.epochs, self.kept = epoch, 0, None

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs += 1
        if epoch == self.epoch:
            self.kept = self.model.get_weights()
            self.model.layers[-1].kernel.assign(np.full((2, 1), np.inf, "float32"))


def fit(divergence, explode):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    x, y = np.ones((16, 2), "float32"), np.ones((16, 1), "float32")
    model.fit(x, y, batch_size=4, epochs=6, verbose=0, callbacks=[explode, divergence])
    return model


def test_it_stops_with_the_epoch_and_gives_the_best_finite_weights_back():
    divergence, explode = Divergence(), Explode(2)
    with pytest.warns(UserWarning, match="diverged at step 9 .*try a learning rate below 0.01"):
        model = fit(divergence, explode)
    assert explode.epochs == 3
    for ours, best in zip(model.get_weights(), explode.kept):
        np.testing.assert_array_equal(ours, best)
    assert "best finite" in divergence.sentence


def test_it_keeps_going_if_asked_to():
    explode = Explode(2)
    with pytest.warns(UserWarning, match="diverged"):
        fit(Divergence(keep_going=True), explode)
    assert explode.epochs == 6


def test_nothing_is_said_of_training_that_converges():
    divergence, explode = Divergence(), Explode(99)
    fit(divergence, explode)
    assert divergence.sentence is None and explode.epochs == 6


class Falling(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that says which step it is of."""

    def __call__(self, step):
        return 1e-3 / (1.0 + keras.ops.cast(step, "float32"))

    def get_config(self):
        return {}


class ExplodeAtBatch(Act):
    """Makes a weight infinite before a batch of the second epoch."""

    def __init__(self, batch):
        super().__init__(1, self._explode, batch)

    def _explode(self):
        self.model.layers[-1].kernel.assign(np.full((2, 1), np.inf, "float32"))


def small():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(Falling()), "mse")
    return model


ONES = np.ones((16, 2), "float32"), np.ones((16, 1), "float32")


@pytest.mark.parametrize("batch", [0, 2, 3])
@pytest.mark.parametrize("is_first", [True, False])
def test_step_and_rate_are_those_of_the_batch_that_diverged(batch, is_first):
    divergence = Divergence()
    every = [PlateauFactor("loss", 0.5, patience=1), divergence]
    with pytest.warns(UserWarning, match="diverged"):
        small().fit(
            *ONES, 4, epochs=3, verbose=0,
            callbacks=[*every[:: 1 if is_first else -1], ExplodeAtBatch(batch)],
        )  # fmt: skip
    rate = 1e-3 / (1 + 4 + batch)
    assert divergence.sentence.startswith(f"Training diverged at step {4 + batch + 1} (loss ")
    assert f"try a learning rate below {rate:.3g}." in divergence.sentence


def test_batches_that_arrive_out_of_order_count_as_they_were_trained():
    divergence = Divergence()
    divergence.on_train_batch_end(3, {"loss": math.nan})
    divergence.on_train_batch_end(1, {"loss": math.inf})
    divergence.on_train_batch_end(0, {"loss": 1.0})
    divergence.on_train_batch_end(2, {"loss": math.nan})
    assert divergence.get_state()["diverged"] == (2, math.inf)


class KillInEpoch(Act):
    """Ends training in the middle of an epoch, as a kill would; keeps the weights it began with."""

    def __init__(self, epoch):
        super().__init__(epoch, self._kill)

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch)
        if epoch == self.epoch:
            self.kept = self.model.get_weights()

    def _kill(self):
        raise Kill


def test_best_finite_weights_and_steps_survive_a_resume(tmp_path):
    killer = KillInEpoch(1)
    with pytest.raises(Kill):
        small().fit(
            *ONES, 4, epochs=3, verbose=0,
            callbacks=[Divergence(), Resume(tmp_path), killer], shuffle=False,
        )  # fmt: skip
    model, divergence = small(), Divergence()
    with pytest.warns(UserWarning, match="diverged at step 5 .*best finite"):
        model.fit(
            *ONES, 4, epochs=3, verbose=0, shuffle=False,
            callbacks=[divergence, Resume(tmp_path), ExplodeAtBatch(0)],
        )  # fmt: skip
    for ours, best in zip(model.get_weights(), killer.kept, strict=True):
        np.testing.assert_array_equal(ours, best)
