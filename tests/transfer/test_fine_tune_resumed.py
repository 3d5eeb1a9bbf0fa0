"""A fine-tuning that is killed in any phase ends as if it had never been."""

import inspect
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from kerasrecipes.callbacks import Resume
from kerasrecipes.transfer import Phase, fine_tune
from tests.callbacks.small_fit import Kill, KillAt, assert_same
from tests.transfer import run_fine_tune
from tests.transfer.run_fine_tune import EPOCHS, PHASES, STEPS
from tests.transfer.small_backbone import BATCH, X, Y, small_classifier, values

SCRIPT = pathlib.Path(run_fine_tune.__file__)


@pytest.mark.slow
def test_killed_in_every_phase_with_everything_on(tmp_path):
    counter = KillAt(-1)
    whole, expected = run_fine_tune.train(tmp_path / "whole", [counter])
    total = counter.steps
    assert total == len(PHASES) * EPOCHS * STEPS
    assert whole.epoch == list(range(len(PHASES) * EPOCHS))
    counts = []
    for kill_at in (STEPS + 1, EPOCHS * STEPS, EPOCHS * STEPS + 1):
        counter = KillAt(kill_at)
        with pytest.raises(Kill):
            run_fine_tune.train(tmp_path / "killed", [counter])
        counts.append(counter.steps)
    counter = KillAt(-1)
    history, arrays = run_fine_tune.train(tmp_path / "killed", [counter])
    assert 0 < counter.steps < EPOCHS * STEPS  # the last kill was in the last phase
    assert total <= sum(counts) + counter.steps <= total + len(counts)  # a step before each state
    assert history.epoch == whole.epoch
    assert history.history == whole.history
    assert_same(arrays, expected)
    counter = KillAt(-1)
    again, arrays = run_fine_tune.train(tmp_path / "killed", [counter])
    assert counter.steps == 0
    assert again.history == whole.history
    assert_same(arrays, expected)


@pytest.mark.traced
def test_phases_that_are_done_train_nothing_and_count_in_the_whole_run(tmp_path):
    def train():
        resume, counter = Resume(tmp_path, keep=1), KillAt(-1)
        begins = resume.step
        model = small_classifier()
        fine_tune(
            model,
            (X, Y),
            [Phase("head", 2, 0.05), Phase(1, 1, 0.05)],
            callbacks=[resume, counter],
            batch_size=BATCH,
            verbose=0,
            jit_compile=False,
        )
        return values(model.weights), begins, counter.steps

    first, begins, steps = train()
    assert (begins, steps) == (0, 3 * STEPS)
    again, begins, steps = train()
    assert (begins, steps) == (3 * STEPS, 0)
    assert_same(again, first)
    assert sorted(os.listdir(tmp_path)) == ["phase1", "phase2"]
    assert [len(os.listdir(tmp_path / name)) for name in os.listdir(tmp_path)] == [1, 1]


def test_a_part_has_the_options_of_the_whole(tmp_path):
    whole = Resume(tmp_path / "run", every_steps=3, keep=5)
    part = whole.part("phase1")
    for name in list(inspect.signature(Resume).parameters)[1:]:
        assert getattr(part, name) == getattr(whole, name), name
    assert pathlib.Path(part.directory) == tmp_path / "run" / "phase1"
    assert whole.step == part.step == 0
    assert not (tmp_path / "run").exists()


@pytest.mark.traced
def test_other_phases_are_refused(tmp_path):
    def train(epochs):
        return fine_tune(
            small_classifier(),
            (X, Y),
            [Phase(1, 1, 0.05), Phase("all", epochs, 0.01, decay=0.1 * epochs)],
            callbacks=[Resume(tmp_path)],
            batch_size=BATCH,
            verbose=0,
            jit_compile=False,
        )

    assert train(1).epoch == [0, 1]
    with pytest.raises(ValueError, match="`directory` must hold the state of the same model"):
        train(2)


def start(folder):
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=SCRIPT.parents[2],
        env={**os.environ, "PYTHONPATH": str(SCRIPT.parents[2])},
    )


def kill_in_phase(folder, trained):
    """SIGKILL the process at the second step of the phase with so many variables."""
    process, lines = start(folder), []
    for line in process.stdout:
        lines.append(line.split())
        if [words[1] for words in lines if words[0] == "step"].count(str(trained)) == 2:
            break
    process.kill()
    process.communicate()
    assert lines[-1][:2] == ["step", str(trained)]


@pytest.mark.soak
def test_process_killed_in_every_phase(tmp_path):
    for folder in ("whole", "killed"):
        (tmp_path / folder).mkdir()
    assert start(tmp_path / "whole").communicate()[0].endswith("done\n")
    for trained in (2, 2, 3, 5):
        kill_in_phase(tmp_path / "killed", trained)
    assert start(tmp_path / "killed").communicate()[0].endswith("done\n")
    histories = [
        json.loads((tmp_path / folder / "history.json").read_text())
        for folder in ("whole", "killed")
    ]
    assert histories[0] == histories[1]
    with (
        np.load(tmp_path / "whole" / "result.npz") as whole,
        np.load(tmp_path / "killed" / "result.npz") as killed,
    ):
        assert_same([*whole.values()], [*killed.values()])
