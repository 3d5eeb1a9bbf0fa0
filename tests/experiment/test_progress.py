"""The lines of the progress bar, and the learning rate in History."""

import io

import keras
import numpy as np
import pytest

from kerasrecipes.experiment import Progress
from kerasrecipes.experiment.progress import clock


class Terminal(io.StringIO):
    def isatty(self):
        return True


def fit(stream, schedule, **options):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    rate = schedule or 0.25
    optimizer = keras.optimizers.SGD(rate, **options)
    model.compile(optimizer, "mse", metrics=["mae", "accuracy"], jit_compile=False)
    x, y = np.ones((16, 2), "float32"), np.ones((16, 1), "float32")
    return model.fit(x, y, batch_size=4, epochs=3, verbose=0, callbacks=[Progress(stream)])


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
    history = fit(stream, None).history
    lines = stream.getvalue().splitlines()
    assert [line[:9] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert "loss" in lines[0] and "learning_rate 0.25" in lines[0] and "left" in lines[0]
    assert history["learning_rate"] == [0.25] * 3


def test_a_bar_on_a_terminal(monkeypatch):
    monkeypatch.setattr("kerasrecipes.experiment.progress.SECONDS_BETWEEN_LINES", 0)
    monkeypatch.setenv("COLUMNS", "200")
    stream = Terminal()
    fit(stream, None)
    bars = [line for line in stream.getvalue().split("\r") if "━" in line or "╌" in line]
    assert len(bars) == 3 * 4
    assert "0/4" in bars[0] and "learning rate 0.25" in bars[0]
    assert "3/4" in bars[3] and "mae" in bars[3] and "left" in bars[3]


@pytest.mark.parametrize(
    "seconds, words", [(0, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3661, "1 h 1 min")]
)
def test_clock(seconds, words):
    assert clock(seconds) == words


def test_ascii_output_and_a_narrow_terminal(monkeypatch):
    monkeypatch.setattr("kerasrecipes.experiment.progress.SECONDS_BETWEEN_LINES", 0)
    monkeypatch.setenv("COLUMNS", "40")
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    stream.isatty = lambda: True
    fit(stream, None)
    parts = [part for part in raw.getvalue().decode("ascii").split("\r\x1b[2K") if part]
    bars = [part for part in parts if not part.endswith("\n")]
    assert len(bars) == 3 * 4 and all(len(bar) <= 39 for bar in bars)
    assert "left" not in parts[-1], "nothing is left after the last epoch"
