"""Training that diverges: where it stops, what it gives back, what it says."""

import keras
import numpy as np
import pytest

from kerasrecipes.experiment.divergence import Divergence


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
