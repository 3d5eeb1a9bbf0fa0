"""In every order of callbacks, the weights scored are those saved, restored and returned."""

import functools
import itertools

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import SGDR, BestSnapshot, PolyakAveraging, Resume
from tests.callbacks.small_fit import (
    STEPS,
    VALIDATION,
    Kill,
    KillAt,
    assert_same,
    fit,
    small_model,
    values,
)  # fmt: skip

pytestmark = pytest.mark.filterwarnings("ignore:.every_steps")
NAMES = ("averaging", "best", "checkpoint", "resume", "tensorboard")
ORDERS = list(itertools.permutations(NAMES))


def make(folder, order):
    """Return the callbacks of one fit in an order."""
    every = {
        "averaging": lambda: PolyakAveraging(0.9),
        "best": lambda: BestSnapshot(),
        "checkpoint": lambda: keras.callbacks.ModelCheckpoint(
            folder / "model.keras", save_best_only=True
        ),
        "resume": lambda: Resume(folder / "state", every_steps=STEPS),
        "tensorboard": lambda: keras.callbacks.TensorBoard(folder / "logs", write_graph=False),
    }
    return [every[name]() for name in order if name in every]


@functools.cache
def reference():
    """Return History and weights of the model that is averaged and best, without the rest."""
    model = small_model()
    history = fit(model, 3, [PolyakAveraging(0.9), BestSnapshot()])
    return history.history, values(model.weights)


def check(order, folder):
    if keras.backend.backend() != "tensorflow":
        order = [name for name in order if name != "tensorboard"]
    model = small_model()
    history = fit(model, 3, make(folder, order))
    assert history.history == reference()[0]
    assert_same(values(model.weights), reference()[1])
    loaded = keras.saving.load_model(folder / "model.keras")
    assert_same(values(loaded.weights), values(model.weights))
    score = loaded.evaluate(*VALIDATION, verbose=0)[0]
    assert score == pytest.approx(min(history.history["val_loss"]), rel=1e-5)


@pytest.mark.parametrize("order", [NAMES, NAMES[::-1], ORDERS[50]], ids="-".join)
@pytest.mark.traced
def test_order(order, tmp_path):
    check(order, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS[::5], ids="-".join)
def test_every_fifth_order(order, tmp_path):
    check(order, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_every_order(order, tmp_path):
    check(order, tmp_path)


def check_resumed(order, folder, kill_at=(7, 6)):
    """Kill a training twice and compare its end with that of one that was never killed."""
    for step in kill_at:
        with pytest.raises(Kill):
            fit(small_model(), 3, [*make(folder, order), KillAt(step)])
    assert Resume(folder / "state").epoch == sum(kill_at) // STEPS
    model = small_model()
    history = fit(model, 3, make(folder, order))
    assert history.epoch == [0, 1, 2]
    assert history.history == reference()[0]
    assert_same(values(model.weights), reference()[1])


RESUMED = ("averaging", "best", "resume")


@pytest.mark.parametrize("order", [RESUMED, RESUMED[::-1]], ids="-".join)
@pytest.mark.slow
def test_resumed_order(order, tmp_path):
    check_resumed(order, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("order", list(itertools.permutations(RESUMED)), ids="-".join)
def test_every_resumed_order(order, tmp_path):
    check_resumed(order, tmp_path)


@pytest.mark.traced
def test_validation_data_are_not_needed_for_the_saved_file_to_be_averaged(tmp_path):
    model = small_model()
    seen = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(values(self.model.weights))

    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "model.keras")
    fit(model, 2, [Look(), checkpoint, PolyakAveraging(0.9)], validation=False)
    assert_same(seen[-1], values(model.weights))
    assert_same(values(keras.saving.load_model(tmp_path / "model.keras").weights), seen[-1])


@pytest.mark.traced
def test_best_snapshot_gives_back_the_raw_weights_of_its_moment():
    class Note(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raw.append(averaging.get_state())

    raw, averaging = [], PolyakAveraging(0.9)
    model = small_model()
    history = fit(model, 3, [averaging, BestSnapshot("loss", mode="max"), Note()])
    best = int(np.argmax(history.history["loss"]))
    for key, value in raw[best].items():
        np.testing.assert_array_equal(averaging.get_state()[key], value)


@pytest.mark.traced
def test_rate_is_that_of_the_schedule_with_everything_on(tmp_path):
    def callbacks(folder):
        return [
            Resume(folder, every_steps=STEPS),
            SGDR(0.5, 1, 2),
            PolyakAveraging(0.9),
            BestSnapshot(),
        ]

    whole = small_model()
    history = fit(whole, 3, callbacks(tmp_path / "whole"))
    with pytest.raises(Kill):
        fit(small_model(), 3, [*callbacks(tmp_path / "killed"), KillAt(8)])
    model = small_model()
    resumed = fit(model, 3, callbacks(tmp_path / "killed"))
    assert resumed.history == history.history
    assert_same(values(model.variables), values(whole.variables))
