"""Callbacks of one fit find one another and begin and end together, in any order."""

import ast
import copy
import gc
import itertools
import pathlib
import pickle
import threading
import weakref

import keras
import numpy as np
import pytest

import kerasrecipes
from kerasrecipes.callbacks import (
    SGDR,
    BestSnapshot,
    LearningRateFinder,
    PlateauFactor,
    PolyakAveraging,
    SnapshotEnsemble,
    WeightAverage,
)
from kerasrecipes.callbacks._fit_callback import FitCallback
from tests.callbacks.small_fit import BATCH, STEPS, VALIDATION, Act, X, Y, fit, small_model

HOOKS = (
    "_begin", "_all_have_begun", "_restore", "_before_end", "_end", "_finish", "_after_end",
    "_leave",
)  # fmt: skip
STEP_HOOKS = ("_end_step", "_end_steps")


class Note(FitCallback):
    """Notes each hook in a list that all share."""

    def __init__(self, notes):
        super().__init__()
        self.notes = notes

    def get_state(self):
        return {}

    def set_state(self, state):
        pass


for _hook in HOOKS:
    setattr(Note, _hook, lambda self, hook=_hook: self.notes.append((hook, id(self))))


def test_every_hook_comes_once_and_after_all_of_the_one_before():
    notes = []
    three = [Note(notes) for _ in range(3)]
    fit(small_model(run_eagerly=True), 1, three)
    assert notes == [(hook, id(callback)) for hook in HOOKS for callback in three]


class NoteSteps(Note):
    """Notes the ends of steps too, and what Keras calls around them."""

    def on_train_batch_begin(self, batch, logs=None):
        super().on_train_batch_begin(batch)
        self.notes.append((f"begin {batch}", id(self)))

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch)
        self.notes.append(("epoch", id(self)))


for _hook in STEP_HOOKS:
    setattr(NoteSteps, _hook, lambda self, hook=_hook: self.notes.append((hook, id(self))))


def test_a_step_ends_for_all_before_one_begins_the_next_or_ends_the_epoch():
    notes = []
    two = [NoteSteps(notes), NoteSteps(notes)]
    fit(small_model(run_eagerly=True), 2, two)
    of_epoch = ["begin 0"]
    for batch in range(1, STEPS):
        of_epoch += ["_end_step", f"begin {batch}"]
    of_epoch += ["_end_step", "_end_steps", "epoch"]
    expected = [(hook, id(callback)) for hook in of_epoch * 2 for callback in two]
    assert [note for note in notes if note[0] not in HOOKS] == expected


def test_a_batch_that_data_of_unknown_length_did_not_have_is_no_step():
    import tensorflow as tf

    spec = tf.TensorSpec((BATCH, 4)), tf.TensorSpec((BATCH,), "int64")

    def batches():
        for start in range(0, len(X), BATCH):
            yield X[start : start + BATCH], Y[start : start + BATCH]

    data = tf.data.Dataset.from_generator(batches, output_signature=spec)
    notes = []
    small_model().fit(data, epochs=3, verbose=0, callbacks=[NoteSteps(notes)])
    assert [hook for hook, _ in notes].count("_end_step") == 3 * STEPS
    assert [hook for hook, _ in notes].count("_end_steps") == 3


def test_a_list_that_fits_twice_begins_twice():
    notes, model = [], small_model(run_eagerly=True)
    two = [Note(notes), Note(notes)]
    every = keras.callbacks.CallbackList(two, add_history=True, model=model, epochs=1)
    for _ in range(2):
        model.fit(*VALIDATION, verbose=0, callbacks=every)
    assert [hook for hook, _ in notes] == [h for hook in HOOKS for h in (hook, hook)] * 2


def test_a_fit_that_failed_does_not_count():
    class Fail(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            raise KeyError("stop")

    notes = []
    two, model = [Note(notes), Note(notes)], small_model(run_eagerly=True)
    with pytest.raises(KeyError):
        fit(model, 1, [*two, Fail()])
    notes.clear()
    fit(model, 1, two)
    assert [hook for hook, _ in notes] == [h for hook in HOOKS for h in (hook, hook)]


@pytest.mark.traced
def test_peers_are_those_of_the_same_fit_by_kind():
    note, sgdr, averaging = Note([]), SGDR(0.1, 1), PolyakAveraging()
    fit(small_model(), 1, [Note([])])
    fit(small_model(), 1, [averaging, note, keras.callbacks.Callback(), sgdr])
    assert note.peers() == [averaging, note, sgdr]
    assert averaging.peers(SGDR) == [sgdr] and sgdr.peers((Note, SGDR)) == [note, sgdr]


@pytest.mark.traced
def test_predict_with_the_same_callback_leaves_the_fit_as_it_is():
    class Predict(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.predict(VALIDATION[0], verbose=0, callbacks=[note])

    note, other = Note([]), Note([])
    fit(small_model(), 3, [note, other, Predict()])
    assert note.params["epochs"] == 3
    assert note.peers() == [note, other]


def test_callbacks_come_and_go_in_other_threads_while_one_begins():
    stop, failures = threading.Event(), []

    def churn():
        model = object()
        while not stop.is_set():
            try:
                keras.callbacks.CallbackList([Note([]), Note([])], model=model, epochs=1)
            except Exception as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=churn) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(300):
            two = [Note([]), Note([])]
            every = keras.callbacks.CallbackList(two, model=small_stub(), epochs=1)
            every.on_train_begin()
            assert two[0].peers() == two
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures


def small_stub():
    return keras.Sequential()


def test_a_fit_is_forgotten_with_its_callbacks():
    note = Note([])
    fit(small_model(run_eagerly=True), 1, [note])
    reference = weakref.ref(note._fit)
    del note
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize("how", [copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
@pytest.mark.traced
def test_a_copy_leaves_model_and_companions_behind(how):
    note = Note([])
    fit(small_model(run_eagerly=True), 1, [note, Note([])])
    twin = how(note)
    assert twin.model is None and twin.params is None and twin.peers() == []
    fit(small_model(run_eagerly=True), 1, [twin])
    assert [hook for hook, _ in twin.notes] == [*HOOKS, *HOOKS]


def test_state_is_asked_for():
    with pytest.raises(NotImplementedError):
        FitCallback().get_state()
    with pytest.raises(NotImplementedError):
        FitCallback().set_state({})


def test_no_callback_of_the_package_overrides_what_keras_calls_at_begin_and_end():
    taken = {"set_params", "on_train_begin", "on_train_end", "on_test_end", "on_predict_end"}
    root = pathlib.Path(kerasrecipes.__file__).parent
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef):
                continue
            if "FitCallback" in [getattr(base, "id", "") for base in node.bases]:
                names = {child.name for child in node.body if isinstance(child, ast.FunctionDef)}
                assert not names & taken, f"{path}: {node.name} overrides {names & taken}"


@pytest.mark.parametrize("order", list(itertools.permutations(range(2))))
def test_finder_refuses_what_would_drive_or_keep_what_it_tries(order):
    model, two = small_model(), [LearningRateFinder(), SGDR(0.1, 1)]
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"fit.* of its own.*\['SGDR'\]"):
        fit(model, 3, [two[i] for i in order])
    assert all((a == b).all() for a, b in zip(before, model.get_weights()))


ONE_A_FIT = [
    lambda: SGDR(0.1, 1),
    PlateauFactor,
    PolyakAveraging,
    lambda: WeightAverage(0),
    LearningRateFinder,
]


@pytest.mark.parametrize("make", ONE_A_FIT)
def test_second_of_a_kind_that_can_only_be_one_is_refused_before_the_first_step(make):
    act = Act(0, lambda: None)
    with pytest.raises(ValueError, match="give fit one .*Received: 2"):
        fit(small_model(run_eagerly=True), 1, [make(), make(), act])
    assert act.batches == 0


def test_the_same_callback_twice_in_a_list_is_refused():
    plateau, act = PlateauFactor("loss"), Act(0, lambda: None)
    with pytest.raises(ValueError, match="once. Received: the same PlateauFactor twice"):
        fit(small_model(run_eagerly=True), 1, [plateau, act, plateau])
    assert act.batches == 0


@pytest.mark.slow
def test_fits_inside_of_a_fit():
    """Of another model with callbacks of its own: as alone. Else an error that says why."""

    def weights(*callbacks):
        model = small_model(run_eagerly=True)
        fit(model, 2, callbacks)
        return model.get_weights()

    other, outer = small_model(run_eagerly=True), PolyakAveraging(0.5)
    inner = Act(0, lambda: fit(other, 1, [PolyakAveraging(0.5), BestSnapshot("loss")]))
    for one, alone in zip(weights(outer, inner), weights(PolyakAveraging(0.5)), strict=True):
        np.testing.assert_array_equal(one, alone)
    with pytest.raises(ValueError, match="same PolyakAveraging takes part in a fit that still"):
        weights(outer, Act(0, lambda: fit(other, 1, [outer])))
    model = small_model(run_eagerly=True)
    nested = Act(0, lambda: fit(model, 1, [BestSnapshot("loss")]))
    with pytest.raises(ValueError, match="in a fit already, with PolyakAveraging"):
        fit(model, 1, [PolyakAveraging(), nested])


@pytest.mark.parametrize(
    "make, ask",
    [
        (lambda: PolyakAveraging(0.9), lambda one: one.raw_weights()),
        (lambda: WeightAverage(0), lambda one: one.raw_weights()),
        (lambda: SnapshotEnsemble(every_epochs=1), lambda one: one.model().get_weights()),
    ],
)
def test_a_pickle_asks_for_the_model_and_takes_it(make, ask):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    original = make()
    model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=2, callbacks=[original], verbose=0)
    copy = pickle.loads(pickle.dumps(original))
    with pytest.raises(ValueError, match="a pickle does not hold.*Received: model=None"):
        ask(copy)
    copy.set_model(model)
    for mine, theirs in zip(ask(copy), ask(original), strict=True):
        np.testing.assert_array_equal(mine, theirs)
