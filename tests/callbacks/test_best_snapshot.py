import contextlib
import itertools
import math
import os
import shutil
import signal

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import BestSnapshot, Resume
from tests.callbacks.small_fit import (
    BATCH,
    STEPS,
    VALIDATION,
    Act,
    Kill,
    KillAt,
    X,
    Y,
    assert_same,
    fit,
    small_model,
    values,
)  # fmt: skip

NAN = math.nan


class Script(keras.callbacks.Callback):
    """Write given values into the logs, and remember all that training has changed."""

    def __init__(self, scores):
        super().__init__()
        self.scores, self.seen = scores, []

    def on_epoch_end(self, epoch, logs=None):
        logs["score"] = self.scores[epoch]
        self.seen.append(values([*self.model.variables, *self.model.optimizer.variables]))


def everything(model):
    return values([*model.variables, *model.optimizer.variables])


def run(scores, **options):
    """Train with scripted scores; return model, callback and what was seen at each epoch."""
    model, script = small_model(run_eagerly=True), Script(scores)
    best = BestSnapshot("score", **{"mode": "min", **options})
    fit(model, len(scores), [script, best], validation=False)
    return model, best, script.seen


CASES = [
    ([3.0, 1.0, 2.0], {}, 1),
    ([3.0, 1.0, 2.0], {"mode": "max"}, 0),
    ([NAN, 2.0, 1.0, NAN], {}, 2),
    ([2.0, 2.0, 2.0], {}, 0),
    ([1.0, 2.0, 1.5], {"start_from_epoch": 1}, 2),
    ([1.0, 0.99, 0.98, 0.97], {"min_delta": 0.5}, 3),
    ([-math.inf, 1.0], {"mode": "min"}, 0),
]


@pytest.mark.parametrize("scores, options, epoch", CASES)
@pytest.mark.traced
def test_model_optimizer_and_statistics_are_those_of_the_best_epoch(scores, options, epoch):
    model, best, seen = run(scores, **options)
    assert best.best_epoch == epoch
    assert best.best == scores[epoch]
    assert_same(everything(model), seen[epoch])
    assert best._kept.values is None


@pytest.mark.traced
def test_nothing_but_nan_leaves_the_last_weights():
    model, best, seen = run([NAN, NAN])
    assert math.isnan(best.best)
    assert_same(everything(model), seen[-1])


def test_restore_may_be_turned_off():
    model, best, seen = run([1.0, 2.0], restore=False)
    assert best.best == 1.0
    assert_same(everything(model), seen[-1])


PATIENCE = [
    ([1, 2, 2, 2, 2], {"patience": 2}, 2),
    ([1, 2, 2, 2, 2], {"patience": 0}, 1),
    ([1, 2, 0, 2, 2], {"patience": 2}, 4),
    ([1, 0.9, 0.8, 0.7], {"patience": 2, "min_delta": 0.5}, 2),
    ([1, 0.7, 0.4, 0.3], {"patience": 2, "min_delta": 0.5}, None),
    ([5, 4, 4, 4, 4], {"patience": 1, "start_from_epoch": 2}, 3),
    ([NAN, NAN, NAN, 1], {"patience": 2}, 1),
    ([1, 2, 2, 2], {"patience": None}, None),
]


@pytest.mark.parametrize("scores, options, epoch", PATIENCE)
@pytest.mark.traced
def test_patience_counts_epochs_without_a_gain(scores, options, epoch):
    _, best, seen = run(scores, **options)
    assert best.stopped_epoch == epoch
    assert len(seen) == (len(scores) if epoch is None else epoch + 1)


@pytest.mark.traced
def test_every_steps_keeps_the_winner_inside_the_epoch():
    class Note(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            seen.append(everything(self.model))

    seen, scores = [], []
    model = small_model(dropout=0.0)
    best = BestSnapshot(every_steps=2, validation_data=VALIDATION)
    check = best._check
    best._check = lambda value, counts: (scores.append(value), check(value, counts))
    history = fit(model, 2, [Note(), best], validation=False)
    assert len(scores) == 2 * STEPS // 2
    winner = int(np.argmin(scores))
    states = [*seen, everything(model)]
    if 2 * (winner + 1) < len(seen):
        assert_same(everything(model), states[2 * (winner + 1)])
    assert model.evaluate(*VALIDATION, verbose=0)[0] == pytest.approx(min(scores), rel=1e-6)
    plain = fit(small_model(dropout=0.0), 2, validation=False)
    assert history.history == plain.history


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def test_first_interrupt_ends_fit_after_the_batch_with_the_best_model():
    model, script = small_model(), Script([1.0, 2.0, 3.0])
    best, act = BestSnapshot("score", mode="min"), Act(1, interrupt)
    handler = signal.getsignal(signal.SIGINT)
    fit(model, 3, [act, script, best], validation=False)
    assert best.interrupted
    assert act.batches == 3
    assert_same(everything(model), script.seen[0])
    assert signal.getsignal(signal.SIGINT) is handler


def test_second_interrupt_raises_and_the_context_restores():
    def twice():
        interrupt()
        interrupt()

    model, script = small_model(), Script([1.0, 2.0])
    with (
        pytest.raises(KeyboardInterrupt),
        BestSnapshot("score", mode="min") as best,
    ):
        fit(model, 2, [script, best, Act(1, twice)], validation=False)
    assert_same(everything(model), script.seen[0])


@pytest.mark.traced
def test_context_restores_on_any_exception():
    def fail():
        raise KeyError("data")

    model, script = small_model(), Script([1.0, 2.0])
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyError), BestSnapshot("score", mode="min") as best:
        fit(model, 2, [script, best, Act(1, fail)], validation=False)
    assert_same(everything(model), script.seen[0])
    assert signal.getsignal(signal.SIGINT) is handler


def test_interrupt_after_a_fit_that_failed_is_an_interrupt():
    def fail():
        raise KeyError("data")

    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyError):
        fit(small_model(), 1, [BestSnapshot("loss"), Act(0, fail)], validation=False)
    with pytest.raises(KeyboardInterrupt):
        interrupt()
        for _ in range(1000):
            pass
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.traced
def test_interrupt_does_not_reach_a_fit_that_failed_before():
    def fail():
        raise KeyError("data")

    handler, best = signal.getsignal(signal.SIGINT), BestSnapshot("loss")
    try:
        with pytest.raises(KeyError):
            fit(small_model(), 1, [BestSnapshot("loss"), Act(0, fail)], validation=False)
        fit(small_model(), 2, [Act(0, interrupt), best], validation=False)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert best.interrupted


@pytest.mark.traced
def test_file_loads_and_the_best_survives_a_restart(tmp_path):
    path = tmp_path / "folder" / "best.keras"
    model, best, seen = run([3.0, 1.0, 2.0], filepath=path)
    assert_same(everything(model), seen[1])
    assert_same(values(keras.saving.load_model(path).weights), values(model.weights))
    again, best, _ = run([2.5, 4.0], filepath=path)
    assert best.best == 1.0
    assert_same(everything(again), seen[1])
    assert os.listdir(path.parent) == ["best.keras"]


@pytest.mark.traced
def test_full_disk_keeps_the_best_in_memory_and_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "best.keras"
    run([3.0], filepath=path)
    content = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.warns(UserWarning, match="best.keras.*No space left.*in memory"):
        model, best, seen = run([2.0, 1.0, 4.0], filepath=path)
    assert best.best == 1.0
    assert_same(everything(model), seen[1])
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["best.keras"]


@pytest.mark.parametrize("restore", [True, False])
@pytest.mark.traced
def test_write_that_failed_is_tried_again(restore, tmp_path, monkeypatch):
    path, fsync = tmp_path / "best.keras", os.fsync

    def full(*_):
        raise OSError(28, "No space left on device")

    class Free(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            monkeypatch.setattr(os, "fsync", fsync if epoch else full)

    model, script = small_model(run_eagerly=True), Script([1.0, 2.0])
    best = BestSnapshot("score", mode="min", filepath=path, restore=restore)
    with pytest.warns(UserWarning, match="No space left"):
        fit(model, 2, [script, Free(), best], validation=False)
    assert_same(everything(model), script.seen[0 if restore else 1])
    saved = keras.saving.load_model(path)
    first = script.seen[0][: len(saved.variables)]
    # Keras saves no seed generators.
    assert_same(values(saved.weights), [value for value in first if value.dtype.kind == "f"])


@pytest.mark.traced
def test_folder_that_is_deleted_is_made_again(tmp_path):
    path = tmp_path / "folder" / "best.keras"
    remove = Act(2, lambda: shutil.rmtree(path.parent))
    model, script = small_model(run_eagerly=True), Script([3.0, 2.0, 1.0])
    best = BestSnapshot("score", mode="min", filepath=path)
    fit(model, 3, [script, best, remove], validation=False)
    assert_same(everything(model), script.seen[2])
    assert os.listdir(path.parent) == ["best.keras"]


def test_file_that_is_gone_at_the_end_costs_a_warning(tmp_path):
    path = tmp_path / "best.keras"
    model, script = small_model(run_eagerly=True), Script([1.0, 2.0])
    best = BestSnapshot("score", mode="min", filepath=path)
    with pytest.warns(UserWarning, match="could not read .*last weights"):
        fit(model, 2, [script, best, Act(1, path.unlink)], validation=False)
    assert_same(everything(model), script.seen[1])


@pytest.mark.traced
def test_fold_that_finds_a_file_says_so_or_begins_afresh(tmp_path, capsys):
    path = tmp_path / "best.keras"
    run([1.0], filepath=path)
    assert capsys.readouterr().out == ""
    run([2.0], filepath=path)
    assert f"continues from score 1 of epoch 1 in {path}" in capsys.readouterr().out
    model, best, seen = run([2.0, 3.0], filepath=path, resume=False)
    assert capsys.readouterr().out == ""
    assert best.best == 2.0
    assert_same(everything(model), seen[0])


@pytest.mark.traced
def test_file_of_an_earlier_training_warns_where_resume_begins_anew(tmp_path, capsys, recwarn):
    path = tmp_path / "best.keras"
    fit(small_model(run_eagerly=True), 1, [BestSnapshot(filepath=path), Resume(tmp_path / "one")])
    with pytest.warns(UserWarning, match=r"begins anew.*two.*`resume=False`, .*delete the file"):
        fit(
            small_model(run_eagerly=True),
            1,
            [BestSnapshot(filepath=path), Resume(tmp_path / "two")],
        )
    assert capsys.readouterr().out == ""
    recwarn.clear()
    model = small_model(run_eagerly=True)
    for epochs in (2, 3):  # a restart, and a further `fit` of what has been trained
        fit(model, epochs, [BestSnapshot(filepath=path), Resume(tmp_path / "one")])
    fit(model, 1, [BestSnapshot(filepath=path), Resume(tmp_path / "three")])
    assert "BestSnapshot continues" in capsys.readouterr().out
    assert not [one for one in recwarn if "another training" in str(one.message)]


@pytest.mark.traced
def test_file_of_a_model_compiled_otherwise_warns_and_says_how(tmp_path, capsys):
    path = tmp_path / "best.keras"
    fit(small_model(run_eagerly=True), 2, [BestSnapshot(filepath=path)])
    fit(small_model(run_eagerly=True), 1, [BestSnapshot(filepath=path)])
    assert "BestSnapshot continues" in capsys.readouterr().out
    model = small_model(run_eagerly=True, optimizer=keras.optimizers.SGD(0.25, momentum=0.9))
    with pytest.warns(UserWarning, match=r"learning_rate: 0.5 in the file, 0.25 here.*`resume="):
        fit(model, 1, [BestSnapshot(filepath=path)])
    assert capsys.readouterr().out == ""


@pytest.mark.traced
def test_file_that_the_callback_wrote_itself_is_of_its_training(tmp_path, recwarn, capsys):
    best = BestSnapshot(filepath=tmp_path / "best.keras")
    model = small_model(run_eagerly=True)
    for rate in (0.5, 0.25):
        optimizer = keras.optimizers.SGD(rate)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer, loss, run_eagerly=True)
        fit(model, 1, [best])
    assert "BestSnapshot continues" in capsys.readouterr().out
    assert not [one for one in recwarn if "another training" in str(one.message)]


@pytest.mark.traced
def test_next_part_of_a_run_that_resumes_begins_nothing_anew(tmp_path, recwarn):
    path, whole = tmp_path / "best.keras", Resume(tmp_path / "state")
    for name, rate in (("phase1", 0.5), ("phase2", 0.25)):
        model = small_model(run_eagerly=True, optimizer=keras.optimizers.SGD(rate))
        fit(model, 1, [BestSnapshot(filepath=path), whole.part(name)])
    assert not [one for one in recwarn if "another training" in str(one.message)]


def test_file_of_another_architecture_is_refused_before_the_first_step(tmp_path):
    path = tmp_path / "best.keras"
    run([3.0], filepath=path)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, run_eagerly=True)
    act = Act(0, lambda: None)
    with pytest.raises(ValueError, match=r"architecture.*absent here.*`resume=False`.*Received"):
        fit(model, 1, [act, BestSnapshot("score", filepath=path)], validation=False)
    assert act.batches == 0


@pytest.mark.traced
def test_file_of_another_metric_or_origin_is_refused(tmp_path):
    path = tmp_path / "best.keras"
    run([3.0], filepath=path)
    with pytest.raises(ValueError, match="'score'.*best.keras"):
        fit(small_model(), 1, [BestSnapshot("loss", filepath=path)])
    path.write_bytes(b"not a model")
    with pytest.raises(ValueError, match="`filepath`"):
        run([3.0], filepath=path)


def test_unwritable_folder_is_an_error_before_the_first_step(tmp_path):
    (tmp_path / "file").write_text("")
    act = Act(0, lambda: None)
    with pytest.raises(ValueError, match="`filepath`.*Received"):
        fit(small_model(), 1, [act, BestSnapshot(filepath=tmp_path / "file" / "best.keras")])
    assert act.batches == 0


def test_missing_monitor_names_what_is_there():
    with pytest.raises(ValueError, match="accuracy, loss.*Received: monitor='val_loss'"):
        fit(small_model(), 1, [BestSnapshot()], validation=False)


BAD = [
    ({"monitor": 3}, TypeError),
    ({"mode": "least"}, ValueError),
    ({"min_delta": -1}, ValueError),
    ({"patience": -1}, ValueError),
    ({"patience": 1.5}, TypeError),
    ({"start_from_epoch": -1}, ValueError),
    ({"every_steps": 0, "validation_data": VALIDATION}, ValueError),
    ({"filepath": "best.h5"}, ValueError),
    ({"filepath": 3}, TypeError),
    ({"restore": "yes"}, TypeError),
    ({"resume": "no"}, TypeError),
]


@pytest.mark.parametrize("options, error", BAD, ids=lambda value: str(value)[:40])
def test_bad_input(options, error):
    with pytest.raises(error, match=f"`{next(iter(options))}`.*Received"):
        BestSnapshot(**options)


def test_arguments_that_do_not_fit_together():
    with pytest.raises(ValueError, match="`validation_data`"):
        BestSnapshot(every_steps=5)
    with pytest.raises(ValueError, match="`monitor`"):
        BestSnapshot("loss", every_steps=5, validation_data=VALIDATION)
    with pytest.warns(UserWarning, match="no effect"):
        BestSnapshot(validation_data=VALIDATION)


@pytest.mark.parametrize("resume_is_first", [False, True])
@pytest.mark.slow
def test_validations_inside_epochs_come_at_the_same_steps_in_a_resumed_run(
    resume_is_first, tmp_path
):
    def train(folder, kill_at):
        def batches():
            for step in itertools.count(resume.step):
                rows = slice(step % STEPS * BATCH, (step % STEPS + 1) * BATCH)
                yield X[rows], Y[rows]

        resume = Resume(folder, every_steps=1)
        best = BestSnapshot(every_steps=2, validation_data=VALIDATION)
        check = best._check
        best._check = lambda value, counts: (scores.append(value), check(value, counts))
        both = [resume, best] if resume_is_first else [best, resume]
        model = small_model()
        with contextlib.suppress(Kill):
            options = {"steps_per_epoch": STEPS, "epochs": 2, "verbose": 0}
            model.fit(batches(), callbacks=[*both, KillAt(kill_at)], **options)

    scores = []
    train(tmp_path / "whole", 1000)
    expected, scores = scores, []
    train(tmp_path / "cut", 5)
    train(tmp_path / "cut", 1000)
    assert set(scores) == set(expected)
