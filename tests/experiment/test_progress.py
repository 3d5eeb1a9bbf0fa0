"""The lines of the progress bar, and the learning rate in History."""

import errno
import io
import itertools
import re
import sys
import threading

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import Resume
from kerasrecipes.experiment import Progress
from kerasrecipes.experiment.progress import clock
from tests.experiment.screen import HIDE_CURSOR, Screen


@pytest.fixture(autouse=True)
def every_step_is_drawn_on_a_wide_terminal(monkeypatch):
    monkeypatch.setattr("kerasrecipes.experiment.progress.SECONDS_BETWEEN_BARS", -1)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


def fit(stream, schedule=None, more=(), **options):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    rate = schedule or 0.25
    optimizer = keras.optimizers.SGD(rate, **options)
    model.compile(
        optimizer,
        "mse",
        metrics=["mae", keras.metrics.MeanSquaredError("[red]")],
        jit_compile=False,
    )
    x, y = np.ones((16, 2), "float32"), np.ones((16, 1), "float32")
    return model.fit(x, y, batch_size=4, epochs=3, verbose=0, callbacks=[Progress(stream), *more])


def test_rate_of_the_last_update_of_each_epoch():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([3, 7], [1e-1, 1e-2, 1e-3])
    history = fit(io.StringIO(), schedule).history
    expected = [float(schedule(step)) for step in (3, 7, 11)]
    assert history["learning_rate"] == pytest.approx(expected)


def test_rate_under_gradient_accumulation():
    rates = []

    class Asked(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return keras.ops.cast(0.5 ** (keras.ops.cast(step, "float32") + 1), "float32")

        def get_config(self):
            return {}

    class Used(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            rates.append(float(self.model.optimizer.learning_rate))

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(Asked(), gradient_accumulation_steps=2)
    model.compile(optimizer, "mse", jit_compile=False)
    x, y = np.ones((16, 2), "float32"), np.ones((16, 1), "float32")
    callbacks = [Used(), Progress(io.StringIO())]
    history = model.fit(x, y, batch_size=4, epochs=3, verbose=0, callbacks=callbacks)
    assert history.history["learning_rate"] == pytest.approx(rates[3::4])
    assert rates == pytest.approx([0.5**step for step in range(1, 13)])


def test_a_line_an_epoch():
    stream = io.StringIO()
    history = fit(stream).history
    lines = stream.getvalue().splitlines()
    assert [line[:12] for line in lines] == ["epoch 1/3 · ", "epoch 2/3 · ", "epoch 3/3 · "]
    assert "loss" in lines[0] and "learning_rate 0.25" in lines[0] and "left" in lines[0]
    assert "left" not in lines[-1], "nothing is left after the last epoch"
    assert history["learning_rate"] == [0.25] * 3


class Stop(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = batch == 1


def test_a_stopped_epoch_says_after_how_many_steps():
    stream = io.StringIO()
    fit(stream, more=[Stop()])
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("epoch 1/3, stopped after 2 of 4 steps · ") and "left" not in line


def test_the_first_step_which_compiles_is_not_in_the_estimate(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            now[0] += 1.0 if now[0] else 100.0

    screen = Screen()
    fit(screen, more=[Clock()])
    bars = list(dict.fromkeys(screen.bars()))
    assert "0 s, compiling" in bars[0] and "left" not in bars[0]
    assert "1 min 40 s ·" in bars[1] and "compiling" not in bars[1]
    assert "about 10 s left" in bars[2] and "about 9 s left" in bars[3]
    lines = screen.lines()
    assert "first step 1 min 40 s" in " ".join(lines[:-2])
    assert "first step" not in lines[-1]


@pytest.mark.parametrize("size, steps, words", [(1, 1, "first step"), (4, 2, "first 2 steps")])
def test_the_time_of_the_first_step_has_no_validation(size, steps, words, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])

    def take(seconds):
        now[0] += seconds

    clock = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: take(8.0))
    clock.on_test_end = lambda logs=None: take(60.0)
    if size > 1 and keras.backend.backend() == "torch":
        pytest.skip("Keras has no steps_per_execution on PyTorch")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", steps_per_execution=size, jit_compile=False)
    x, stream = np.ones((4 * steps, 2), "float32"), io.StringIO()
    callbacks = [Progress(stream), clock]
    options = {"epochs": 2, "validation_data": (x, x[:, :1]), "callbacks": callbacks}
    model.fit(x, x[:, :1], batch_size=4, verbose=0, **options)
    first, second = stream.getvalue().splitlines()
    assert f" · {words} 8 s" in first and "first" not in second


def test_a_resumed_epoch_counts_the_steps_of_its_first_part(tmp_path):
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")

    def train(screen, *more):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", jit_compile=False)
        resume = Resume(tmp_path, every_steps=1)
        batches = ((x, y) for _ in itertools.count(resume.step))
        callbacks = [Progress(screen), resume, *more]
        model.fit(batches, epochs=1, steps_per_epoch=4, verbose=0, callbacks=callbacks)

    with pytest.raises(ValueError):
        train(Screen(), Fail(ValueError))
    assert Resume(tmp_path).step == 2
    screen = Screen()
    train(screen)
    shown = dict.fromkeys(re.search(r" (\d/4) ", bar)[1] for bar in screen.bars())
    assert list(shown) == ["2/4", "3/4"]
    assert screen.lines()[-1].startswith("epoch 1/1 · loss")


def test_a_long_line_leaves_out_the_losses_of_the_outputs():
    stream = io.StringIO()
    progress = Progress(stream)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    progress.set_model(model)
    progress.set_params({"epochs": 2, "steps": 4})
    names = [f"{name}_{key}" for name in ("every_block", "stochastic") for key in ("acc", "loss")]
    logs = dict.fromkeys(("loss", "val_loss", *names, *[f"val_{n}" for n in names]), 0.123456)
    progress.on_train_begin()
    for epoch in range(2):
        progress.on_epoch_begin(epoch)
        progress.on_epoch_end(epoch, dict(logs))
    line, last = stream.getvalue().splitlines()
    assert "every_block_acc 0.1235" in line and "val_stochastic_acc" in line
    assert " loss 0.1235" in line and " val_loss 0.1235" in line
    assert "every_block_loss" not in line and "val_stochastic_loss" not in line
    assert " left" in line and " left" not in last


def test_a_bar_on_a_terminal():
    screen = Screen()
    fit(screen)
    bars = screen.bars()
    assert {re.match(r"epoch (./3) ━.* (./4) ", bar).groups() for bar in bars} == {
        (f"{epoch}/3", f"{step}/4") for epoch in (1, 2, 3) for step in (0, 1, 2, 3)
    }
    assert "learning rate 0.25" in bars[0]
    assert all(words in bars[-1] for words in ("mae", "[red]", "left", "learning rate 0.25"))
    assert HIDE_CURSOR not in screen.written()


def test_a_bar_has_the_logs_of_the_step_before_and_asks_the_model_for_nothing(monkeypatch):
    """Of several processes one draws: what all must compute together would wait for ever."""
    drawing, asked, losses = [], [], []
    result, draw = keras.Model.get_metrics_result, Progress._draw_bar

    def get_metrics_result(model):
        asked.extend(drawing)
        return result(model)

    def draw_bar(*arguments):
        drawing.append("bar")
        draw(*arguments)
        drawing.clear()

    monkeypatch.setattr(keras.Model, "get_metrics_result", get_metrics_result)
    monkeypatch.setattr(Progress, "_draw_bar", draw_bar)
    each = keras.callbacks.LambdaCallback(on_train_batch_end=lambda _, logs: losses.append(logs))
    screen = Screen()
    fit(screen, more=[each])
    assert not asked
    shown = [re.search(r" [1-3]/4 .*loss (\S+)", bar) for bar in dict.fromkeys(screen.bars())]
    expected = [f"{float(logs['loss']):.4g}" for logs in losses]
    assert [loss[1] for loss in shown if loss] == [expected[n] for n in range(12) if n % 4 != 3]


@pytest.mark.parametrize("encoding, bar", [("utf-8", "━╸╺"), ("ascii", "-"), ("latin-1", "-")])
@pytest.mark.parametrize("width", [12, 30, 60, 120])
def test_the_lines_of_the_epochs_are_left_and_fit_the_terminal(width, encoding, bar, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    screen = Screen(encoding)
    fit(screen)
    lines = screen.lines()
    assert not any(len(line) > width for line in [*lines, *screen.bars()])
    assert not any(re.search(f"[{bar}]{{2}}", line) for line in lines)
    begins = [number for number, line in enumerate(lines) if line.startswith("epoch")]
    assert len(begins) == 3 and begins[0] == 0
    assert all(line.startswith("  ") for line in set(lines) - {lines[row] for row in begins})
    if width >= 30:
        separator = "·" if encoding == "utf-8" else ","
        assert f"{separator} mae" in " ".join(lines)
        assert sum("learning_rate 0.25" in line for line in lines) == 3
    assert len(screen.bars()) >= 12 or width < 60


def test_data_of_unknown_length():
    screen = Screen()
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    with pytest.warns(UserWarning, match="ran out of data"):
        model.fit(
            ((x, y) for _ in range(3)), epochs=1, verbose=0, callbacks=[Progress(screen)],
            shuffle=False,
        )  # fmt: skip
    assert [re.search(r" (\d/\?) ", bar)[1] for bar in screen.bars()][1:4] == ["0/?", "1/?", "2/?"]
    assert len(screen.lines()) == 1


def test_neither_escape_sequences_nor_bars_on_a_dumb_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    screen = Screen()
    fit(screen)
    assert len(screen.lines()) == 3 and "\x1b" not in screen.written() and not screen.bars()


def test_a_forced_colour_makes_no_terminal_of_a_file(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.StringIO()
    fit(stream)
    assert stream.getvalue().count("\n") == 3 and "\x1b" not in stream.getvalue()


class Fail(keras.callbacks.Callback):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def on_train_batch_end(self, batch, logs=None):
        if batch == 2:
            raise self.error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_in_fit_leaves_the_terminal_as_it_was(error):
    screen, streams, threads = Screen(), (sys.stdout, sys.stderr), threading.enumerate()
    with pytest.raises(error):
        fit(screen, more=[Fail(error)])
    assert HIDE_CURSOR not in screen.written()
    assert (sys.stdout, sys.stderr) == streams
    assert set(threading.enumerate()) <= set(threads)


def test_a_progress_can_be_used_again_after_an_error():
    screen = Screen()
    progress = Progress(screen)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    x, y = np.ones((16, 2), "float32"), np.ones((16, 1), "float32")
    with pytest.raises(ValueError):
        model.fit(x, y, batch_size=4, verbose=0, callbacks=[progress, Fail(ValueError)])
    screen.write("\nerror\n")
    model.fit(x, y, batch_size=4, verbose=0, callbacks=[progress])
    first, error, last = screen.lines()
    assert re.match("epoch 1/1 ━", first) and error == "error"
    assert re.match("epoch 1/1 · loss", last)


@pytest.mark.parametrize("kind", [Screen, io.StringIO])
@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(errno.ENOSPC, "disk is full")])
def test_a_stream_that_is_gone_raises_its_own_error(kind, error):
    class Gone(kind):
        def write(self, text):
            raise error

    with pytest.raises(type(error)) as caught:
        fit(Gone())
    assert caught.value is error


@pytest.mark.parametrize("kind", [Screen, io.StringIO])
def test_a_terminal_that_is_closed_does_not_end_training(kind):
    class Closed(kind):
        def write(self, text):
            raise OSError(errno.EIO, "terminal is gone")

    fit(Closed())


@pytest.mark.parametrize(
    "seconds, words", [(0, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3661, "1 h 1 min")]
)
def test_clock(seconds, words):
    assert clock(seconds) == words
