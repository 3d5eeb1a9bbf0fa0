import os
import shutil

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import SGDR, PolyakAveraging, SnapshotEnsemble
from kerasrecipes.losses import MulticlassHinge

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
@pytest.mark.traced
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
@pytest.mark.traced
def test_every_epochs_and_keep_last(on_disk, tmp_path):
    directory = tmp_path if on_disk else None
    snapshots = SnapshotEnsemble(every_epochs=2, keep_last=2, directory=directory)
    _, predicted = fit(snapshots, epochs=7)
    assert snapshots.epochs == [3, 5]
    expected = (predicted[3] + predicted[5]) / 2
    np.testing.assert_allclose(snapshots.model().predict(X, verbose=0), expected, atol=1e-6)
    assert len(os.listdir(tmp_path)) == (2 if on_disk else 0)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.traced
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


@pytest.mark.traced
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


class Unregistered(keras.Model):
    def __init__(self, units=6):
        super().__init__()
        self.units = units
        self.first = keras.layers.Dense(units, activation="relu")
        self.last = keras.layers.Dense(3, activation="softmax")

    def call(self, inputs):
        return self.last(self.first(inputs))

    def get_config(self):
        return {"units": self.units}


class Logits(Unregistered):
    def __init__(self, units=6):
        super().__init__(units)
        self.last = keras.layers.Dense(3)


class WithoutConfig(Unregistered):
    def get_config(self):
        raise NotImplementedError("no get_config")


def with_lambda():
    layers = [keras.Input((4,)), keras.layers.Dense(3), keras.layers.Lambda(lambda x: 2 * x)]
    return keras.Sequential([*layers, keras.layers.Softmax()])


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize("make", [Unregistered, with_lambda])
def test_models_that_a_file_could_not_give_back(make, on_disk, tmp_path):
    model, recorder = make(), Predictions()
    model.compile("sgd", "sparse_categorical_crossentropy")
    snapshots = SnapshotEnsemble(every_epochs=1, directory=tmp_path if on_disk else None)
    weights = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: weights.append(model.get_weights())
    )
    model.fit(X, Y, 8, epochs=2, callbacks=[snapshots, recorder, note], verbose=0)
    expected = np.mean(recorder.values, axis=0)
    np.testing.assert_allclose(snapshots.model().predict(X, verbose=0), expected, atol=1e-6)
    for epoch in (0, 1):
        for one, other in zip(snapshots.weights(epoch), weights[epoch], strict=True):
            np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="`epoch`.*Received: epoch=7"):
        snapshots.weights(7)


def test_model_that_cannot_be_made_again_is_refused_before_the_first_step():
    model, steps = WithoutConfig(), []
    model.compile("sgd", "sparse_categorical_crossentropy")
    count = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: steps.append(1))
    with pytest.raises(ValueError, match="`get_config`.*Received: model of class WithoutConfig"):
        model.fit(X, Y, 8, callbacks=[SnapshotEnsemble(every_epochs=1), count], verbose=0)
    assert not steps


@pytest.mark.parametrize("kind", ["functional", "subclassed", "binary"])
@pytest.mark.traced
def test_logits_warn_or_are_averaged_as_probabilities(kind):
    def make():
        if kind == "subclassed":
            model = Logits()
        else:
            units = 1 if kind == "binary" else 3
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])
        losses = keras.losses
        loss = (
            losses.BinaryCrossentropy if kind == "binary" else losses.SparseCategoricalCrossentropy
        )
        model.compile("sgd", loss(from_logits=True))
        return model

    y = Y % 2 if kind == "binary" else Y
    model = make()
    with pytest.warns(UserWarning, match="from_logits=True"):
        model.fit(X, y, 8, callbacks=[SnapshotEnsemble(every_epochs=1)], verbose=0)
    model, recorder = make(), Predictions()
    snapshots = SnapshotEnsemble(every_epochs=1, from_logits=True)
    model.fit(X, y, 8, epochs=2, callbacks=[snapshots, recorder], verbose=0)
    exponents = [np.exp(value) for value in recorder.values]
    if kind == "binary":
        expected = np.mean([e / (1 + e) for e in exponents], axis=0)
    else:
        expected = np.mean([e / e.sum(-1, keepdims=True) for e in exponents], axis=0)
    np.testing.assert_allclose(snapshots.model().predict(X, verbose=0), expected, atol=1e-6)


def nameless(y_true, y_pred):
    return keras.losses.binary_crossentropy(y_true, y_pred, from_logits=True)


@pytest.mark.parametrize(
    "loss", [keras.losses.BinaryCrossentropy(from_logits=True, name="bce"), nameless]
)
def test_one_logit_is_a_sigmoid_whatever_the_loss_is_called(loss):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", loss)
    snapshots = SnapshotEnsemble(every_epochs=1, from_logits=True)
    model.fit(X, Y % 2, callbacks=[snapshots], verbose=0)
    expected = 1 / (1 + np.exp(-model.predict(X, verbose=0).astype("float64")))
    np.testing.assert_allclose(snapshots.model().predict(X, verbose=0), expected, atol=1e-6)


def several_outputs(keys):
    """A model of a binary output, of classes, of a number and of probabilities."""
    inputs = keras.Input((4,))
    outputs = [keras.layers.Dense(n, a)(inputs) for n, a in ((2, None), (3, None), (1, None))]
    outputs.append(keras.layers.Dense(3, "softmax")(inputs))
    losses = [
        keras.losses.BinaryCrossentropy(from_logits=True, name="first"),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "mse",
        "sparse_categorical_crossentropy",
    ]
    targets = [np.stack([Y % 2, Y > 1], 1).astype("float32"), Y, Y.astype("float32")[:, None], Y]
    if keys is not None:
        outputs, losses, targets = (dict(zip(keys, v)) for v in (outputs, losses, targets))
    return keras.Model(inputs, outputs), losses, targets


@pytest.mark.parametrize("keys", [None, "dcba"])
@pytest.mark.traced
def test_each_output_has_the_probabilities_of_its_loss(keys):
    model, losses, targets = several_outputs(keys)
    model.compile("sgd", losses)
    snapshots = SnapshotEnsemble(every_epochs=1, from_logits=True)
    model.fit(X, targets, callbacks=[snapshots], verbose=0)
    logits, found = model.predict(X, verbose=0), snapshots.model().predict(X, verbose=0)
    order = range(4) if keys is None else keys
    binary, classes, number, probabilities = (logits[key].astype("float64") for key in order)
    exponents = np.exp(classes)
    expected = (
        1 / (1 + np.exp(-binary)),
        exponents / exponents.sum(1, keepdims=True),
        number,
        probabilities,
    )
    for key, values in zip(order, expected):
        np.testing.assert_allclose(found[key], values, atol=1e-6)


def test_losses_that_do_not_tell_the_probabilities_raise_before_the_first_step():
    model, losses, targets = several_outputs(None)
    model.compile("sgd", [*losses[:2], nameless, losses[3]])
    before = model.get_weights()
    snapshots = SnapshotEnsemble(every_epochs=1, from_logits=True)
    with pytest.raises(ValueError, match="tells a softmax from a sigmoid.*Received: loss=.*na"):
        model.fit(X, targets, callbacks=[snapshots], verbose=0)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def softened(y_true, y_pred):
    return keras.losses.categorical_crossentropy(y_true, keras.ops.softmax(y_pred / 2))


@pytest.mark.parametrize("loss, warns", [(MulticlassHinge(), False), (softened, True)])
def test_scores_of_any_loss_of_one_output_get_a_softmax(loss, warns, recwarn):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("sgd", loss)
    snapshots = SnapshotEnsemble(every_epochs=1, from_logits=True)
    model.fit(X, np.eye(3)[Y], callbacks=[snapshots], verbose=0)
    exponents = np.exp(model.predict(X, verbose=0).astype("float64"))
    expected = exponents / exponents.sum(1, keepdims=True)
    np.testing.assert_allclose(snapshots.model().predict(X, verbose=0), expected, atol=1e-6)
    said = [str(one.message) for one in recwarn if one.category is UserWarning]
    assert len(said) == warns and all("loss softened does not tell" in one for one in said)


@pytest.mark.parametrize("is_mended", [True, False])
@pytest.mark.traced
def test_full_disk_keeps_snapshots_in_memory_and_tries_again(is_mended, tmp_path, monkeypatch):
    fsync = os.fsync

    def full(*_):
        raise OSError(28, "No space left on device")

    disk = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: monkeypatch.setattr(
            os, "fsync", fsync if is_mended and epoch == 2 else full
        )
    )
    snapshots = SnapshotEnsemble(every_epochs=1, directory=tmp_path)
    with pytest.warns(UserWarning, match="snapshot-0000.keras.*No space left.*in memory"):
        _, predicted = fit(snapshots, extra=[disk])
    written = [f"snapshot-000{i}.keras" for i in range(3)] if is_mended else []
    assert sorted(os.listdir(tmp_path)) == written
    expected = np.mean(predicted, axis=0)
    np.testing.assert_allclose(snapshots.model().predict(X, verbose=0), expected, atol=1e-6)


@pytest.mark.traced
def test_folder_that_is_deleted_is_made_again(tmp_path):
    folder = tmp_path / "snapshots"
    snapshots = SnapshotEnsemble(every_epochs=3, directory=folder)
    fit(
        snapshots,
        extra=[
            keras.callbacks.LambdaCallback(
                on_epoch_begin=lambda epoch, logs: shutil.rmtree(folder, ignore_errors=True)
            )
        ],
    )
    assert os.listdir(folder) == ["snapshot-0002.keras"]
    assert snapshots.model().predict(X, verbose=0).shape == (24, 3)
