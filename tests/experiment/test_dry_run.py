"""`--dry-run`: what a training would be, from its first steps."""

import re

import keras
import numpy as np
import pytest

from kerasrecipes import models
from kerasrecipes.experiment import dry_run
from kerasrecipes.flags import DryRunEnded
from tests.recipes.helpers import assert_one_line, load_recipe, run_command, write_npz


@pytest.fixture(scope="module")
def npz(tmp_path_factory):
    return write_npz(tmp_path_factory.mktemp("images") / "squares.npz")


@pytest.mark.slow
def test_it_says_what_the_training_is_and_leaves_nothing(npz, tmp_path, capsys):
    flags = ["--data", npz, "--epochs", 50, "--batch-size", 8, "--output", tmp_path / "new" / "run"]
    flags += ["--learning-rate", 0.32, "--scale-rate"]  # a 16th of the recipe's own batch
    assert run_command(load_recipe("polyak"), *flags, "--dry-run", "--preflight") == 0
    output = capsys.readouterr().out
    assert "pass  initial_loss" in output and "0 failed" in output
    assert "rate 0.02;" in output
    network = models.resnet(8, (12, 12, 1), 3)
    assert f"resnet8, {network.count_params():,} parameters" in output
    assert f"{models.multiply_adds(network) / 1e6:,.1f} million multiply-adds" in output
    assert "48 for training, 0 for validation, 24 for the test" in output
    assert "6 of 8 images an epoch, 50 epochs, 300 steps" in output
    assert not (tmp_path / "new").exists()


def fit(steps, epochs, monkeypatch, milliseconds=100, **options):
    """What `fit` raises where each step takes so long, and the first one 10 seconds."""

    class Validation(keras.callbacks.Callback):
        def on_test_end(self, logs=None):
            for _ in range(100):
                next(now)

    now = iter([0.0] + [10.0 + milliseconds / 1000 * k for k in range(1000)])
    monkeypatch.setattr(dry_run.time, "perf_counter", lambda: next(now))
    images = type("Images", (), {"train_size": 8, "validation_size": 2, "test_size": None})
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse", run_eagerly=False)
    callback = dry_run.DryRun(images, 4)
    x, y = np.ones((4 * steps, 3), "float32"), np.ones((4 * steps, 2), "float32")
    with pytest.raises(DryRunEnded) as ended:
        callbacks = [Validation(), callback]
        model.fit(x, y, batch_size=4, epochs=epochs, verbose=0, callbacks=callbacks, **options)
    return ended.value


def test_the_time_is_that_of_the_steps_and_of_one_compilation(monkeypatch):
    ended = fit(200, 3, monkeypatch)
    assert ended.seconds == pytest.approx(10 + 0.1 * 599)
    assert "100.0 ms a step (50 steps after the first)" in str(ended)
    assert "about 1 min 10 s in all" in str(ended)
    assert "8 parameters, 8 of them trained, 0.0 million" in str(ended)


def test_slow_steps_are_timed_for_five_seconds(monkeypatch):
    ended = fit(200, 3, monkeypatch, milliseconds=2000)
    assert "(5 steps after the first)" in str(ended)
    assert ended.seconds == pytest.approx(10 + 2 * 599)


def test_the_time_of_a_validation_is_left_out(monkeypatch):
    ended = fit(4, 3, monkeypatch, validation_data=(np.ones((4, 3)), np.ones((4, 2))))
    assert ended.seconds == pytest.approx(10 + 0.1 * 11)
    assert "100.0 ms a step (3 steps after the first)" in str(ended)


def test_an_epoch_of_one_step(monkeypatch):
    ended = fit(1, 7, monkeypatch)
    assert "one step, with its compilation" in str(ended) and ended.seconds == pytest.approx(70)


def test_bad_input(tmp_path, capsys):
    folder = tmp_path / "run"
    flags = ["--dry-run", "--output", folder]
    assert run_command(load_recipe("polyak"), *flags, "--resume") == 2
    assert_one_line(capsys, "new run")
    assert not folder.exists()


def test_every_number_of_the_line_of_time_is_finite(monkeypatch):
    assert re.search(r"Time here \((CPU|GPU), \w+\): [\d.,]+ ms", str(fit(3, 1, monkeypatch)))
