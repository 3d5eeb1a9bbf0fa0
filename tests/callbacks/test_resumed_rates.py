"""A run that is cut goes on with the same rates, factors and snapshots."""

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import (
    SGDR,
    ActivationStatistics,
    PlateauFactor,
    Resume,
    SnapshotEnsemble,
)

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(24, 4)).astype("float32")
Y = GENERATOR.integers(0, 3, 24)


class Cut(keras.callbacks.Callback):
    """Ends the process, as far as the callbacks can tell."""

    def on_train_batch_begin(self, batch, logs=None):
        if self.epoch == 3 and batch == 1:
            raise RuntimeError("cut")

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch


def run(directory, *more):
    keras.utils.set_random_seed(1)
    dense = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.2, seed=0), dense])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy")
    sgdr = SGDR(0.5, 1, 2)
    snapshots = SnapshotEnsemble(sgdr)
    plateau = PlateauFactor("loss", 0.5, patience=1, min_delta=0.2)
    statistics = ActivationStatistics(X, Y)
    callbacks = [snapshots, plateau, Resume(directory), sgdr, statistics, *more]
    history = model.fit(X, Y, 8, epochs=7, shuffle=False, callbacks=callbacks, verbose=0)
    return model, history.history, snapshots, plateau, statistics


@pytest.mark.traced
def test_a_cut_run_ends_as_one_that_was_not(tmp_path):
    model, history, snapshots, plateau, statistics = run(tmp_path / "whole")
    with pytest.raises(RuntimeError, match="cut"):
        run(tmp_path / "cut", Cut())
    other, its_history, its_snapshots, its_plateau, its_statistics = run(tmp_path / "cut")
    for mine, theirs in zip(model.get_weights(), other.get_weights()):
        np.testing.assert_array_equal(mine, theirs)
    assert its_history == history and len(set(history["learning_rate"])) > 3
    assert its_plateau.total_factor == plateau.total_factor < 1
    assert its_snapshots.epochs == snapshots.epochs == [0, 2, 6]
    np.testing.assert_array_equal(
        its_snapshots.model().predict(X, verbose=0), snapshots.model().predict(X, verbose=0)
    )
    assert list(its_statistics.records) == list(statistics.records)
