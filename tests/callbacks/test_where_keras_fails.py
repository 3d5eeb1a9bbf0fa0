"""Keras does X, we do Y. A test says so by skipping when a later Keras mends X."""

import contextlib
import math

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import BestSnapshot, PolyakAveraging, Resume
from tests.callbacks.small_fit import (
    STEPS,
    VALIDATION,
    Act,
    assert_same,
    fit,
    small_model,
    values,
)  # fmt: skip
from tests.callbacks.test_best_snapshot import Script, everything, interrupt
from tests.callbacks.test_resume import Kill, KillAt

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.every_steps")]


def skip_if_mended(is_mended, what):
    if is_mended:
        pytest.skip(f"Keras {keras.version()} mends it: {what}")


def same(first, second):
    return all(np.array_equal(one, other) for one, other in zip(first, second))


def model_with_average():
    return small_model(
        run_eagerly=True, optimizer=keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.8)
    )


def test_nan_in_the_first_epoch():
    """Keras: NaN stays the best for ever. We: NaN is no improvement."""
    stopper = keras.callbacks.EarlyStopping("score", mode="min", patience=9)
    best = BestSnapshot("score", mode="min")
    fit(small_model(run_eagerly=True), 3, [Script([math.nan, 1.0, 2.0]), stopper, best])
    assert (best.best, best.best_epoch) == (1.0, 1)
    skip_if_mended(stopper.best == 1.0, "EarlyStopping does not keep a NaN")


def test_interrupt():
    """Keras: Ctrl-C leaves the last weights and raises. We: the best model, and fit ends."""
    model, script = small_model(run_eagerly=True), Script([1.0, 2.0, 3.0])
    fit(model, 3, [script, BestSnapshot("score", mode="min"), Act(2, interrupt)])
    assert_same(everything(model), script.seen[0])

    model, script = small_model(run_eagerly=True), Script([1.0, 2.0, 3.0])
    stopper = keras.callbacks.EarlyStopping("score", mode="min", restore_best_weights=True)
    stopper.patience = 9
    with contextlib.suppress(KeyboardInterrupt):
        fit(model, 3, [script, stopper, Act(2, interrupt)])
    weights = len(model.variables)
    skip_if_mended(
        same(values(model.variables), script.seen[0][:weights]), "Ctrl-C restores the best"
    )


def test_optimizer_of_the_restored_model():
    """Keras: the weights go back, the optimizer does not. We: both, of one moment."""
    scores = [1.0, 2.0]
    model, script = small_model(run_eagerly=True), Script(scores)
    fit(model, 2, [script, BestSnapshot("score", mode="min")])
    assert int(model.optimizer.iterations) == STEPS
    assert_same(everything(model), script.seen[0])

    model = small_model(run_eagerly=True)
    stopper = keras.callbacks.EarlyStopping(
        "score", mode="min", patience=9, restore_best_weights=True
    )
    fit(model, 2, [Script(scores), stopper])
    skip_if_mended(int(model.optimizer.iterations) == STEPS, "the optimizer is restored too")


def test_average_after_early_stopping():
    """Keras: restoring throws the average away. We: what was scored comes back."""
    model = small_model(run_eagerly=True)
    history = fit(model, 3, [BestSnapshot(), PolyakAveraging(0.8)])
    score = model.evaluate(*VALIDATION, verbose=0)[0]
    assert score == pytest.approx(min(history.history["val_loss"]), rel=1e-6)

    class Note(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raw.append(values(self.model.weights))

    model, raw = model_with_average(), []
    stopper = keras.callbacks.EarlyStopping(
        "score", mode="min", patience=9, restore_best_weights=True
    )
    fit(model, 3, [Script([1.0, 0.9, 2.0]), Note(), stopper])
    skip_if_mended(not same(values(model.weights), raw[1]), "use_ema survives early stopping")


def test_best_after_a_restart(tmp_path):
    """Keras: a new process forgets the best. We: it is in the file."""
    for scores in ([1.0], [3.0]):
        model = small_model(run_eagerly=True)
        stopper = keras.callbacks.EarlyStopping("score", mode="min", patience=9)
        best = BestSnapshot("score", mode="min", filepath=tmp_path / "best.keras")
        fit(model, 1, [Script(scores), stopper, best])
    assert best.best == 1.0
    skip_if_mended(stopper.best == 1.0, "EarlyStopping remembers its best")


def test_weights_after_predict():
    """Keras: predict leaves the averages in place of the weights. We: it changes nothing."""
    averaging, model = PolyakAveraging(0.8), small_model(run_eagerly=True)
    fit(model, 1, [averaging])
    before = values(model.variables)
    model.predict(VALIDATION[0], verbose=0, callbacks=[averaging])
    assert_same(values(model.variables), before)

    model, swap = model_with_average(), keras.callbacks.SwapEMAWeights()
    changes = []

    class Predict(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            before = values(self.model.trainable_variables)
            self.model.predict(VALIDATION[0], verbose=0, callbacks=[swap])
            changes.append(not same(values(self.model.trainable_variables), before))

    fit(model, 1, [Predict()])
    skip_if_mended(not any(changes), "SwapEMAWeights swaps back after predict")


def test_averages_after_patience_is_over():
    """Keras: a fit that stops early ends with the raw weights. We: with what was scored."""
    model = small_model(run_eagerly=True)
    fit(model, 4, [Script([1.0, 2, 3, 4]), PolyakAveraging(0.8), Stop(2)])
    whole = small_model(run_eagerly=True)
    fit(whole, 2, [PolyakAveraging(0.8)])
    assert_same(values(model.variables), values(whole.variables))

    model, shown = model_with_average(), []

    class Note(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            shown.append(values(self.model.trainable_variables))

    fit(model, 4, [keras.callbacks.SwapEMAWeights(swap_on_epoch=True), Note(), Stop(2)])
    skip_if_mended(
        same(values(model.trainable_variables), shown[-1]), "early stopping keeps the averages"
    )


class Stop(keras.callbacks.Callback):
    """End training after so many epochs, as patience does."""

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 == self.epochs:
            self.model.stop_training = True


@pytest.mark.parametrize("by", ["keras", "ours"])
def test_saved_file_and_its_score(by, tmp_path):
    """Keras: scores the average and saves the raw weights. We: one and the same."""
    path = tmp_path / "model.keras"
    averaging = {"keras": keras.callbacks.SwapEMAWeights, "ours": lambda: PolyakAveraging(0.8)}[by]
    model = {"keras": model_with_average, "ours": lambda: small_model(run_eagerly=True)}[by]()
    checkpoint = keras.callbacks.ModelCheckpoint(path, save_best_only=True)
    history = fit(model, 2, [averaging(), checkpoint])
    score = keras.saving.load_model(path).evaluate(*VALIDATION, verbose=0)[0]
    is_right = math.isclose(score, min(history.history["val_loss"]), rel_tol=1e-5)
    if by == "ours":
        assert is_right
    else:
        skip_if_mended(is_right, "ModelCheckpoint saves what SwapEMAWeights scored")


def killed_and_resumed(make_model, make_callbacks, kills, epochs=4):
    """Train with kills; return the model, its History and the steps of each part."""
    steps = []
    for kill_at in [*kills, 10**6]:
        model, counter = make_model(), KillAt(kill_at)
        with contextlib.suppress(Kill):
            history = fit(model, epochs, [*make_callbacks(), counter])
        steps.append(counter.steps)
    return model, history, steps


def backup(folder, **options):
    return lambda: [keras.callbacks.BackupAndRestore(folder, **options)]


def eager_model():
    return small_model(run_eagerly=True)


def test_averages_of_a_resumed_run(tmp_path):
    """Keras: raw weights and averages change places on resume. We: the run goes on."""

    def ours(folder):
        return lambda: [PolyakAveraging(0.8), Resume(folder, every_steps=STEPS)]

    whole, _, _ = killed_and_resumed(eager_model, ours(tmp_path / "1"), [])
    model, _, _ = killed_and_resumed(eager_model, ours(tmp_path / "2"), [STEPS + 1])
    assert_same(values(model.variables), values(whole.variables))

    def theirs(folder):
        swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
        return lambda: [swap, keras.callbacks.BackupAndRestore(folder)]

    whole, _, _ = killed_and_resumed(model_with_average, theirs(tmp_path / "3"), [])
    make = theirs(tmp_path / "4")
    with pytest.raises(Kill):
        fit(model_with_average(), 4, [*make(), KillAt(STEPS + 1)])
    model = model_with_average()
    fit(model, 4, theirs(tmp_path / "4")())
    skip_if_mended(
        same(values(model.variables), values(whole.variables)), "a resumed average goes on"
    )


def test_steps_of_a_resumed_run(tmp_path):
    """Keras: an epoch that was cut is done again on top of itself. We: each step once."""
    kills = [STEPS + 3]
    model, _, _ = killed_and_resumed(
        eager_model, lambda: [Resume(tmp_path / "ours", every_steps=STEPS)], kills
    )
    assert int(model.optimizer.iterations) == 4 * STEPS
    model, _, _ = killed_and_resumed(eager_model, backup(tmp_path / "keras", save_freq=2), kills)
    skip_if_mended(int(model.optimizer.iterations) == 4 * STEPS, "BackupAndRestore goes on")


def test_history_and_callbacks_of_a_resumed_run(tmp_path):
    """Keras: History and the state of callbacks begin anew. We: they go on."""
    kills = [2 * STEPS + 1]
    scores = [1.0, 2.0, 3.0, 4.0]
    best = []

    def ours():
        best.append(BestSnapshot("score", mode="min"))
        return [Script(scores), best[-1], Resume(tmp_path / "ours", every_steps=STEPS)]

    _, history, _ = killed_and_resumed(eager_model, ours, kills)
    assert history.epoch == [0, 1, 2, 3]
    assert history.history["score"] == scores
    assert best[-1].best_epoch == 0

    stoppers = []

    def theirs():
        stoppers.append(keras.callbacks.EarlyStopping("score", mode="min", patience=9))
        return [Script(scores), stoppers[-1], *backup(tmp_path / "keras")()]

    _, history, _ = killed_and_resumed(eager_model, theirs, kills)
    skip_if_mended(
        history.epoch == [0, 1, 2, 3] and stoppers[-1].best == 1.0, "History and state go on"
    )


def test_second_interruption(tmp_path):
    """Keras: counts epochs from the first resume. We: each epoch is trained once."""
    kills = [2 * STEPS + 1, 3]
    _, _, steps = killed_and_resumed(
        eager_model, lambda: [Resume(tmp_path / "ours", every_steps=STEPS)], kills
    )
    assert steps == [*kills, 2 * STEPS]
    make = backup(tmp_path / "keras", save_freq=1)
    _, _, steps = killed_and_resumed(eager_model, make, kills)
    skip_if_mended(steps[-1] <= 2 * STEPS, "BackupAndRestore counts its epochs")
