"""Many fits of one model: neither its step compiled again each time, nor memory that grows."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import SGDR, LearningRateFinder, PolyakAveraging, Resume
from tests.callbacks.small_fit import STEPS, X, Y, fit, small_model, values
from tests.callbacks.test_polyak_averaging import Record, assert_close, averaged

PROGRAM = pathlib.Path(__file__).with_name("many_fits.py")
FITS, MEGABYTES = 50, 0.5
ON_TORCH = keras.backend.backend() == "torch"
compiles = pytest.mark.skipif(ON_TORCH, reason="PyTorch compiles nothing here")


class Traced(keras.Model):
    """A model that counts how often its step is traced."""

    def __init__(self):
        super().__init__()
        self.dense, self.traces = keras.layers.Dense(3), 0

    def call(self, x):
        return self.dense(x)

    def train_step(self, *arguments):
        self.traces += 1
        return super().train_step(*arguments)


def traced_model():
    model = Traced()
    is_jax = keras.backend.backend() == "jax"  # where a step is traced for XLA only
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=is_jax)
    model(X)
    return model


def train(model, *callbacks):
    model.fit(X, keras.ops.one_hot(Y, 3), verbose=0, batch_size=4, callbacks=list(callbacks))


@compiles
@pytest.mark.parametrize("kind", [PolyakAveraging])
def test_step_is_compiled_once_a_model(kind):
    model = traced_model()
    train(model)
    train(model, kind())
    traces = model.traces
    for _ in range(3):
        train(model, kind())
    assert model.traces == traces
    train(model)
    assert model.traces == traces


def test_each_fit_has_its_own_decay():
    cases = [{"decay": 0.9}, {"decay": 0.5, "warmup": False}, {"decay": 0.8, "start_step": 2}]
    model = small_model(optimizer=keras.optimizers.SGD(0.5, momentum=0.9))
    for case in cases:
        averaging, record, raw = PolyakAveraging(**case), Record(), [values(model.weights)]

        class KeepRaw(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None, averaging=averaging, raw=raw):
                raw.append(averaging.raw_weights())

        fit(model, 1, [averaging, record, KeepRaw()])
        expected = averaged(raw, **{"warmup": True, **case})
        for seen, average in zip(record.after_batch, expected, strict=True):
            assert_close(seen, average)


def test_model_that_is_compiled_again_trains_as_compiled():
    model = small_model(optimizer=keras.optimizers.SGD(0.5))
    fit(model, 1, [PolyakAveraging(0.9)])
    model.compile(keras.optimizers.SGD(0.0), model.loss, jit_compile=False)
    before = values(model.trainable_variables)
    fit(model, 1, [PolyakAveraging(0.0, warmup=False)])
    assert_close(values(model.trainable_variables), before)


@pytest.mark.parametrize("turn", [1, -1])
def test_fit_after_averages_at_driven_rates_is_at_the_compiled_rate(turn):
    model = small_model(optimizer=keras.optimizers.SGD(0.0))
    fit(model, 1, [SGDR(0.5, 1), PolyakAveraging(0.5)][::turn])
    before = values(model.trainable_variables)
    fit(model, 1)
    assert_close(values(model.trainable_variables), before)


def test_fit_after_the_finder_is_at_the_compiled_rate():
    model = small_model(optimizer=keras.optimizers.SGD(0.0))
    before = values(model.trainable_variables)
    for _ in range(2):
        finder = LearningRateFinder(1e-3, 1.0)
        fit(model, 1, [finder], validation=False)
        np.testing.assert_allclose(finder.rates, 1e-3 * 1e3 ** (np.arange(STEPS) / 4), rtol=1e-5)
    fit(model, 1)
    assert_close(values(model.trainable_variables), before)


def test_second_average_in_one_fit_is_refused():
    with pytest.raises(ValueError, match="one PolyakAveraging. Received: 2"):
        fit(small_model(), 1, [PolyakAveraging(), PolyakAveraging(0.5)])


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others build before fit")
@pytest.mark.parametrize("turn", [1, -1])
def test_metrics_of_an_epoch_cut_in_two_are_restored_beside_averages(tmp_path, turn):
    import tensorflow as tf

    class Stop(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 3:
                raise KeyError("killed")

    def run(folder, *more):
        resume = Resume(folder, every_steps=1)
        data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(4).repeat().skip(resume.step)
        callbacks = [*[resume, PolyakAveraging(0.5)][::turn], *more]
        options = {"steps_per_epoch": STEPS, "verbose": 0, "callbacks": callbacks}
        return small_model().fit(data, epochs=1, **options).history

    with pytest.raises(KeyError):
        run(tmp_path / "cut", Stop())
    resumed, uncut = run(tmp_path / "cut"), run(tmp_path / "uncut")
    assert resumed["loss"] == pytest.approx(uncut["loss"])
    assert resumed["accuracy"] == pytest.approx(uncut["accuracy"])


@pytest.mark.soak
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc")
@pytest.mark.parametrize("kind", ["PolyakAveraging", "ActivationStatistics", "fine_tune"])
def test_memory_does_not_grow_with_fits(kind):
    """Beyond what Keras's own fit grows; for `fine_tune`, what its own compile and fit do."""
    command = [sys.executable, str(PROGRAM), kind, str(FITS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=1800)
    grown = json.loads(done.stdout.splitlines()[-1])
    print(f"{kind}: {grown['ours']:.2f} MB a fit, without it {grown['plain']:.2f}")
    assert grown["ours"] <= max(grown["plain"], 0) + MEGABYTES, grown
