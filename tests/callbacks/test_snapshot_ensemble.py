import os

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import SGDR, PolyakAveraging, SnapshotEnsemble

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(24, 4)).astype("float32")
Y = GENERATOR.integers(0, 3, 24)


def network():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(6, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


class Predictions(keras.callbacks.Callback):
    """What the model predicts at the end of each epoch."""

    def on_train_begin(self, logs=None):
        self.values = []

    def on_epoch_end(self, epoch, logs=None):
        self.values.append(self.model.predict(X, verbose=0).astype("float64"))


def fit(snapshots, sgdr=None, epochs=3, extra=()):
    model, recorder = network(), Predictions()
    callbacks = [snapshots, recorder, *extra] + ([sgdr] if sgdr else [])
    model.fit(X, Y, 8, epochs=epochs, callbacks=callbacks, verbose=0)
    return model, recorder.values


@pytest.mark.parametrize("on_disk", [False, True])
def test_collects_at_the_cycle_ends_and_averages_the_softmax(on_disk, tmp_path):
    sgdr = SGDR(0.5, 1)
    directory = tmp_path / "snapshots" if on_disk else None
    snapshots = SnapshotEnsemble(sgdr, directory=directory)
    model, predicted = fit(snapshots, sgdr)
    assert snapshots.epochs == sgdr.cycle_ends == [0, 2]
    ensemble = snapshots.model()
    expected = (predicted[0] + predicted[2]) / 2
    np.testing.assert_allclose(ensemble.predict(X, verbose=0), expected, atol=1e-6)
    ensemble.save(tmp_path / "ensemble.keras")
    restored = keras.models.load_model(tmp_path / "ensemble.keras")
    np.testing.assert_allclose(restored.predict(X, verbose=0), expected, atol=1e-6)
    model.set_weights([0 * weight for weight in model.get_weights()])
    np.testing.assert_allclose(snapshots.model().predict(X, verbose=0), expected, atol=1e-6)
    if on_disk:
        assert sorted(os.listdir(directory)) == ["snapshot-0000.keras", "snapshot-0002.keras"]


@pytest.mark.parametrize("on_disk", [False, True])
def test_every_epochs_and_keep_last(on_disk, tmp_path):
    directory = tmp_path if on_disk else None
    snapshots = SnapshotEnsemble(every_epochs=2, keep_last=2, directory=directory)
    _, predicted = fit(snapshots, epochs=7)
    assert snapshots.epochs == [3, 5]
    expected = (predicted[3] + predicted[5]) / 2
    np.testing.assert_allclose(snapshots.model().predict(X, verbose=0), expected, atol=1e-6)
    assert len(os.listdir(tmp_path)) == (2 if on_disk else 0)


@pytest.mark.parametrize("reverse", [False, True])
def test_snapshots_are_of_the_averages(reverse):
    snapshots, averaging, predictions = SnapshotEnsemble(every_epochs=1), PolyakAveraging(0.9), []
    order = [snapshots, averaging][:: -1 if reverse else 1]
    model = network()
    score = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: predictions.append(model.predict(X, verbose=0))
    )
    model.fit(X, Y, 8, epochs=2, callbacks=[*order, score], verbose=0)
    average = np.mean(predictions, axis=0)
    np.testing.assert_allclose(snapshots.model().predict(X, verbose=0), average, atol=1e-6)


def test_state_goes_on_elsewhere():
    sgdr = SGDR(0.5, 1)
    first = SnapshotEnsemble(sgdr)
    model, _ = fit(first, sgdr)
    second = SnapshotEnsemble(sgdr)
    second.set_model(model)
    second.set_state(first.get_state())
    assert second.epochs == [0, 2]
    np.testing.assert_array_equal(
        second.model().predict(X, verbose=0), first.model().predict(X, verbose=0)
    )


@pytest.mark.parametrize(
    "first, multiplier, epochs",
    [(2, 2, 1), (2, 2, 5), (2, 1.5, 9), (0.7, 1, 2), (1.4, 1, 7)],
    ids=["no cycle", "cut short", "cut short later", "shorter than an epoch", "inside epochs"],
)
def test_cycles_that_do_not_fit_the_epochs_raise_before_the_first_step(first, multiplier, epochs):
    sgdr = SGDR(0.5, first, multiplier)
    model = network()
    before = model.get_weights()
    with pytest.raises(ValueError, match="do not fit the epochs.*Received"):
        model.fit(X, Y, 8, epochs=epochs, callbacks=[SnapshotEnsemble(sgdr), sgdr], verbose=0)
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_other_bad_input(tmp_path):
    sgdr = SGDR(0.5, 1)
    (tmp_path / "file").write_text("")
    for options, error, named in [
        ({}, ValueError, "sgdr"),
        ({"sgdr": sgdr, "every_epochs": 1}, ValueError, "every_epochs"),
        ({"sgdr": 3}, TypeError, "sgdr"),
        ({"every_epochs": 0}, ValueError, "every_epochs"),
        ({"every_epochs": 1, "keep_last": 0}, ValueError, "keep_last"),
        ({"every_epochs": 1, "directory": 3}, TypeError, "directory"),
    ]:
        with pytest.raises(error, match=f"{named}.*Received"):
            SnapshotEnsemble(**options)
    for snapshots, named in [
        (SnapshotEnsemble(every_epochs=1, directory=tmp_path / "file" / "in"), "directory"),
        (SnapshotEnsemble(every_epochs=4), "every_epochs"),
        (SnapshotEnsemble(sgdr), "sgdr"),
    ]:
        with pytest.raises(ValueError, match=f"{named}.*Received"):
            fit(snapshots)
    with pytest.raises(ValueError, match="No snapshot"):
        SnapshotEnsemble(sgdr).model()
