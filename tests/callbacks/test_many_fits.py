"""Many fits of one model: neither its step compiled again each time, nor memory that grows."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import (
    SGDR,
    LearningRateFinder,
    PlateauFactor,
    PolyakAveraging,
    Resume,
)
from tests.callbacks.small_fit import STEPS, X, Y, fit, small_model, values
from tests.callbacks.test_polyak_averaging import Record, assert_close, averaged

PROGRAM = pathlib.Path(__file__).with_name("many_fits.py")
FITS, MEGABYTES = 50, 0.5
ON_TORCH = keras.backend.backend() == "torch"
compiles = pytest.mark.skipif(ON_TORCH, reason="PyTorch compiles nothing here")


CALLBACKS = {
    "PolyakAveraging": PolyakAveraging,
    "SGDR": lambda: SGDR(0.1, 1),
    "PlateauFactor": lambda: PlateauFactor("loss", patience=1, min_delta=1e9),
}
KINDS = [*[[kind] for kind in CALLBACKS], list(CALLBACKS)]


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
@pytest.mark.parametrize("kinds", KINDS)
@pytest.mark.traced
def test_step_is_compiled_once_a_model(kinds):
    model = traced_model()
    train(model)
    train(model, *[CALLBACKS[kind]() for kind in kinds])
    traces = model.traces
    for _ in range(3):
        train(model, *[CALLBACKS[kind]() for kind in kinds])
    assert model.traces == traces
    train(model)
    assert model.traces == traces


def rates_of_updates(model, *callbacks):
    """Return the rates of each batch of a fit of a model whose gradients are all 1."""
    weights = []

    class KeepWeights(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            weights.append(self.model.get_weights()[0].item())

    before = model.get_weights()[0].item()
    x = np.ones((8, 1))
    model.fit(x, x, 2, epochs=2, verbose=0, callbacks=[*callbacks, KeepWeights()])
    return -np.diff([before, *weights])


def slope_model(rate=0.25):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(rate), lambda y, prediction: prediction)
    return model


@pytest.mark.traced
def test_each_fit_has_its_own_rates():
    model = slope_model()
    halves = (1 + np.cos(np.pi * np.arange(4) / 4)) / 2
    for peak in (0.5, 0.125, 0.5):
        rates = rates_of_updates(model, SGDR(peak, 1, cycle_multiplier=1))
        np.testing.assert_allclose(rates, peak * np.tile(halves, 2), atol=1e-6)
        np.testing.assert_allclose(rates_of_updates(model), 0.25, atol=1e-6)
    plateau = {"monitor": "loss", "factor": 0.5, "patience": 1, "min_delta": 1e9}
    for start in (0.25, 0.125):
        rates = rates_of_updates(model, PlateauFactor(**plateau))
        np.testing.assert_allclose(rates, [start] * 8, atol=1e-6)  # the first epoch is the best
        model.optimizer.learning_rate = start / 2
    rates = rates_of_updates(model, SGDR(0.5, 1, cycle_multiplier=1), PlateauFactor(**plateau))
    np.testing.assert_allclose(rates, 0.5 * np.tile(halves, 2), atol=1e-6)


@pytest.mark.traced
def test_rates_after_another_compile_and_a_failed_fit_are_of_the_new_step():
    class Fail(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyError

    model = slope_model()
    sgdr = {"max_learning_rate": 0.5, "first_cycle_epochs": 1, "cycle_multiplier": 1}
    expected = rates_of_updates(model, SGDR(**sgdr))
    with pytest.raises(KeyError):
        model.fit(np.ones((8, 1)), np.ones((8, 1)), verbose=0, callbacks=[SGDR(**sgdr), Fail()])
    model.compile(model.optimizer, lambda y, prediction: 2 * prediction)
    rates = rates_of_updates(model, SGDR(**sgdr))
    np.testing.assert_allclose(rates, 2 * expected, atol=1e-6)
    np.testing.assert_allclose(rates_of_updates(model), 0.5, atol=1e-6)


def test_rates_after_plateaus_are_those_of_each_update():
    model = slope_model()
    steps = 1 if ON_TORCH else 3
    model.compile(model.optimizer, model.loss, steps_per_execution=steps)
    plateau = PlateauFactor("loss", factor=0.5, patience=1, min_delta=1e9)
    x, weights = np.ones((8, 1)), [model.get_weights()[0].item()]

    class KeepWeights(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            weights.append(self.model.get_weights()[0].item())

    model.fit(x, x, 2, epochs=4, verbose=0, callbacks=[plateau, KeepWeights()])
    np.testing.assert_allclose(-np.diff(weights) / 4, [0.25, 0.25, 0.125, 0.0625], atol=1e-6)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.25 / 8)


@pytest.mark.traced
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


@pytest.mark.traced
def test_model_that_is_compiled_again_trains_as_compiled():
    model = small_model(optimizer=keras.optimizers.SGD(0.5))
    fit(model, 1, [PolyakAveraging(0.9)])
    model.compile(keras.optimizers.SGD(0.0), model.loss, jit_compile=False)
    before = values(model.trainable_variables)
    fit(model, 1, [PolyakAveraging(0.0, warmup=False)])
    assert_close(values(model.trainable_variables), before)


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.traced
def test_fit_after_averages_at_driven_rates_is_at_the_compiled_rate(turn):
    model = small_model(optimizer=keras.optimizers.SGD(0.0))
    fit(model, 1, [SGDR(0.5, 1), PolyakAveraging(0.5)][::turn])
    before = values(model.trainable_variables)
    fit(model, 1)
    assert_close(values(model.trainable_variables), before)


@pytest.mark.traced
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
@pytest.mark.slow
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
@pytest.mark.parametrize(
    "kind",
    [
        "PolyakAveraging",
        "ActivationStatistics",
        "fine_tune",
        "SGDR",
        "PlateauFactor",
        "SGDR, PlateauFactor, PolyakAveraging",
    ],
)
def test_memory_does_not_grow_with_fits(kind):
    """Beyond what Keras's own fit grows; for `fine_tune`, what its own compile and fit do."""
    command = [sys.executable, str(PROGRAM), kind, str(FITS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=1800)
    grown = json.loads(done.stdout.splitlines()[-1])
    print(f"{kind}: {grown['ours']:.2f} MB a fit, without it {grown['plain']:.2f}")
    assert grown["ours"] <= max(grown["plain"], 0) + MEGABYTES, grown
