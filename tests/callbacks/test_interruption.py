import fcntl
import os
import pathlib
import pty
import signal
import subprocess
import sys
import termios
import threading
import time

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import BestSnapshot, Resume, _interruption
from tests.callbacks import script_with_signals
from tests.callbacks.small_fit import STEPS, Act, fit, small_model

SCRIPT = pathlib.Path(script_with_signals.__file__)
ROOT = SCRIPT.parents[2]
FORMER = {number: signal.getsignal(number) for number in _interruption.SIGNALS}


@pytest.fixture(autouse=True)
def handlers_are_given_back():
    yield
    now = {number: signal.getsignal(number) for number in _interruption.SIGNALS}
    for number, handler in FORMER.items():
        signal.signal(number, handler)
    assert now == FORMER


def start(folder, *options, seconds="0.3", **streams):
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), *options],
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SECONDS_OF_VALIDATION": seconds},
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
    )


def send_after(process, line, count, *numbers):
    """Send signals when the process has printed `line` so often; return its output and errors."""
    lines = []
    for text in process.stdout:
        lines.append(text)
        if text.strip() == line and sum(text.strip() == line for text in lines) == count:
            break
    for number in numbers:
        process.send_signal(number)
        time.sleep(_interruption.REPEAT_SECONDS if len(numbers) > 1 else 0)
    output, errors = process.communicate(timeout=120)
    return "".join(lines) + output, errors


def status_of(process):
    """Return the exit status as a shell gives it."""
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def weights_of(folder):
    with np.load(folder / "result.npz") as arrays:
        return list(arrays.values())


SLOW = pytest.mark.soak
CASES = [
    pytest.param("R", "steps", "step", 9, signal.SIGINT, 130, marks=SLOW),
    ("PSBR", "steps", "step", 9, signal.SIGTERM, 143),
    pytest.param("R", "steps", "step", 9, signal.SIGHUP, 129, marks=SLOW),
    pytest.param("RBSP", "steps", "step", 9, signal.SIGTERM, 143, marks=SLOW),
    ("R", "", "validation", 1, signal.SIGTERM, 143),
    pytest.param("BR", "steps", "validation", 2, signal.SIGTERM, 143, marks=SLOW),
]


@pytest.mark.parametrize("letters, steps, line, count, number, status", CASES)
@pytest.mark.slow
def test_signal_ends_the_step_and_the_next_start_goes_on(
    letters, steps, line, count, number, status, tmp_path
):
    options = [letters, *([steps] if steps else [])]
    process = start(tmp_path / "cut", *options)
    output, errors = send_after(process, line, count, number)
    assert status_of(process) == status, errors
    assert "done" not in output and "stopping after this step" in errors
    steps_before = output.count("step\n")
    if line == "step":
        assert steps_before <= count + 1, "the state is written before the last step"
    again, errors = start(tmp_path / "cut", *options).communicate(timeout=120)
    assert "done" in again, errors
    total = script_with_signals.EPOCHS * script_with_signals.STEPS
    assert steps_before + again.count("step\n") == total + (line == "step")
    whole, _ = script_with_signals.train(tmp_path / "whole", letters, bool(steps))
    for one, other in zip(weights_of(tmp_path / "cut"), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@SLOW
def test_best_snapshot_takes_ctrl_c_and_the_script_goes_on(tmp_path):
    process = start(tmp_path, "BS")
    output, errors = send_after(process, "step", 8, signal.SIGINT)
    assert process.returncode == 0 and output.endswith("done\n"), errors
    assert output.count("step\n") == 8


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=SLOW), signal.SIGTERM])
@pytest.mark.traced
def test_second_signal_stops_at_once(number, tmp_path):
    process = start(tmp_path, "R", seconds="20")
    output, errors = send_after(process, "validation", 1, number, number)
    assert status_of(process) == 128 + number, errors
    assert output.count("validation") == 1 and output.count("step\n") == script_with_signals.STEPS


@SLOW
def test_signal_that_is_sent_twice_at_once_counts_once(tmp_path):
    process = start(tmp_path / "cut", "R", "steps")
    for line in process.stdout:
        if line == "step\n":
            break
    for _ in range(5):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.01)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 143, errors


@SLOW
def test_signal_that_is_ignored_stays_ignored(tmp_path):
    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    process = start(tmp_path, "R", preexec_fn=ignore)
    output, errors = send_after(process, "step", 3, signal.SIGHUP)
    assert process.returncode == 0 and output.endswith("done\n"), errors


@pytest.mark.slow
def test_a_terminal_that_is_closed_does_not_end_the_step(tmp_path):
    """Closing one end has the system send SIGHUP to the process whose terminal it was."""
    ours, theirs = pty.openpty()
    process = start(
        tmp_path, "R", "steps", stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(theirs)
    text = b""
    while text.count(b"step") < 4:
        text += os.read(ours, 100)
    os.close(ours)
    assert process.wait(timeout=120) == 129
    assert len(os.listdir(tmp_path / "state")) > 0


@pytest.mark.parametrize("kind", [pytest.param("terminal", marks=pytest.mark.slow), "pipe"])
@pytest.mark.traced
def test_output_that_is_lost_before_the_signal_does_not_end_fit(kind, tmp_path):
    """The progress is written to a terminal that is gone, or to the pipe of a logger that ended."""
    ours, theirs = pty.openpty() if kind == "terminal" else os.pipe()
    process = start(
        tmp_path, "RO", "steps", stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    text = b""
    while text.count(b"step") < 2:
        text += os.read(ours, 100)
    if kind == "pipe":
        process.send_signal(signal.SIGHUP)
    os.close(ours)
    if kind == "terminal":
        time.sleep(1)  # for some bars
        process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=120) == 129
    assert len(os.listdir(tmp_path / "state")) > 0


def test_a_handler_of_the_user_gets_the_signal_when_fit_is_over(tmp_path):
    got, act = [], Act(0, lambda: os.kill(os.getpid(), signal.SIGTERM))
    signal.signal(signal.SIGTERM, lambda number, frame: got.append(act.batches))
    try:
        fit(small_model(run_eagerly=True), 2, [Resume(tmp_path), act], validation=False)
        assert got == [3]
    finally:
        signal.signal(signal.SIGTERM, FORMER[signal.SIGTERM])


@pytest.mark.traced
def test_several_fits_one_after_another(tmp_path):
    for number in range(3):
        best = BestSnapshot("loss")
        act = Act(0, lambda: os.kill(os.getpid(), signal.SIGINT))
        model = small_model(run_eagerly=True)
        fit(model, 2, [best, act][:: 1 if number else -1], validation=False)
        assert best.interrupted and act.batches == 3
    fit(small_model(run_eagerly=True), 2, [best], validation=False)
    assert not best.interrupted


@pytest.mark.traced
def test_fit_in_a_thread_trains_and_stops_with_that_of_the_main_thread():
    stopped = threading.Event()

    def wait_for_signal():
        stopped.wait(60)

    inner, outer = BestSnapshot("loss"), BestSnapshot("loss")
    in_thread = Act(0, wait_for_signal)
    thread = threading.Thread(
        target=fit, args=(small_model(), 2, [inner, in_thread]), kwargs={"validation": False}
    )

    def interrupt():
        while in_thread.batches != 3 and thread.is_alive():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread.start()
    fit(small_model(), 2, [outer, Act(0, interrupt)], validation=False)
    stopped.set()
    thread.join()
    assert outer.interrupted and inner.interrupted
    assert in_thread.now == 0


def test_signal_outside_of_fit_raises_on_the_command_line():
    with pytest.raises(_interruption.Terminated) as caught, _interruption.raised():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
    assert caught.value.number == signal.SIGTERM
    assert _interruption.exit_status() == 143


class SendAt(keras.callbacks.Callback):
    """Sends SIGTERM in the second epoch: after a step of it has begun, or in its validation."""

    def __init__(self, when):
        super().__init__()
        self.when, self.now, self.steps = when, 0, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_begin(self, batch, logs=None):
        self.steps += 1
        if (self.when, self.now) == (batch, 1):
            os.kill(os.getpid(), signal.SIGTERM)

    def on_test_begin(self, logs=None):
        if (self.when, self.now) == ("validation", 1):
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.filterwarnings("ignore:.every_steps")
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize(
    "when, steps, epoch",
    [(2, STEPS + 3, 1), (STEPS - 1, 2 * STEPS, 2), ("validation", 2 * STEPS, 2)],
)
@pytest.mark.traced
def test_an_epoch_that_a_signal_cuts_is_not_counted_and_a_complete_one_is(
    when, steps, epoch, is_first, tmp_path
):
    got = []
    signal.signal(signal.SIGTERM, lambda number, frame: got.append(number))
    try:
        send, resume = SendAt(when), Resume(tmp_path, every_steps=STEPS)
        fit(small_model(run_eagerly=True), 3, [send, resume] if is_first else [resume, send])
    finally:
        signal.signal(signal.SIGTERM, FORMER[signal.SIGTERM])
    assert got == [signal.SIGTERM] and send.steps == steps
    assert (Resume(tmp_path).epoch, Resume(tmp_path).finished) == (epoch, False)
