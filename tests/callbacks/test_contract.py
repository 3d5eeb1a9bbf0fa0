"""What every callback promises: it does not slow Keras down, and it can be copied."""

import copy
import pickle
import threading

import keras
import pytest

from tests.callbacks.contract_table import CONTRACT, public_callbacks
from tests.callbacks.small_fit import fit, small_model

EAGER = {"run_eagerly": True} if keras.backend.backend() == "tensorflow" else {}
BATCH_ENDS = ("on_batch_end", "on_train_batch_end", "on_test_batch_end", "on_predict_batch_end")


def test_every_public_callback_has_a_row():
    assert set(public_callbacks()) <= set(CONTRACT)


@pytest.mark.parametrize("name", CONTRACT)
def test_no_callback_reads_each_steps_result_without_a_reason(name, tmp_path):
    kind = type(CONTRACT[name].make(tmp_path))
    overridden = [
        hook
        for hook in BATCH_ENDS
        if getattr(kind, hook) != getattr(keras.callbacks.Callback, hook)
    ]
    assert bool(overridden) == bool(CONTRACT[name].reads_each_step), overridden


@pytest.mark.parametrize("name", CONTRACT)
@pytest.mark.traced
def test_a_copy_and_a_pickle_of_a_callback_after_a_fit_serve_another_fit(name, tmp_path):
    callback = CONTRACT[name].make(tmp_path)
    fit(small_model(**EAGER), 1, [callback])
    copied = copy.deepcopy(callback)
    pickled = pickle.loads(pickle.dumps(callback))
    for twin in (copied, pickled):
        history = fit(small_model(**EAGER), 2, [twin])
        assert history.epoch == [0, 1] and history.history.keys() >= {"loss", "val_loss"}


class Threads(keras.callbacks.Callback):
    """The threads that Keras hands the logs of each step on."""

    async_safe = True

    def __init__(self):
        super().__init__()
        self.names = []

    def on_train_batch_end(self, batch, logs=None):
        self.names.append(threading.current_thread().name)


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="Keras has no threads there")
@pytest.mark.parametrize("averaging", ["PolyakAveraging", "WeightAverage"])
def test_keras_does_not_wait_for_the_steps(averaging, tmp_path):
    left_out = {"LearningRateFinder", "PolyakAveraging", "WeightAverage"} - {averaging}
    threads = Threads()
    every = [row.make(tmp_path) for name, row in CONTRACT.items() if name not in left_out]
    fit(small_model(), 2, [*every, threads])
    assert threads.names and threading.main_thread().name not in threads.names
