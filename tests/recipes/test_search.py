"""The search through its `main`: trials of a recipe, kills inside a trial, what is refused."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import keras
import pytest

pytest.importorskip("optuna")

from tests.recipes.helpers import ROOT, assert_one_line, load_recipe, run_command, write_npz

TORCH = keras.backend.backend() == "torch"
METRIC = "val_drop_connect_loss"


def flags(npz, folder, *more):
    return [
        "--recipe", "drop_connect", "--metric", METRIC, "--output", folder, "--trials", 3,
        "--search", "learning_rate=log:1e-4:1", "rate=0.1:0.9",
        "--fixed", f"data={npz}", "epochs=3", "units=4", "batch_size=8", *more,
    ]  # fmt: skip


def table(folder):
    with open(folder / "trials.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_trials_table_pictures_and_the_command_of_the_best(tmp_path, capsys):
    npz, folder = write_npz(tmp_path / "squares.npz", count=48), tmp_path / "search"
    assert run_command(load_recipe("search"), *flags(npz, folder)) == 0
    printed = capsys.readouterr().out
    rows, metrics = table(folder), json.loads((folder / "metrics.json").read_text())
    complete = [row for row in rows if row["Outcome"] == "complete"]
    assert len(rows) == 3 and complete
    assert [float(row[METRIC]) for row in complete] == sorted(float(r[METRIC]) for r in complete)
    assert metrics["value"] == pytest.approx(float(rows[0][METRIC]), rel=1e-3)
    assert "--validation-fraction 0.1" in metrics["command"]
    assert f"--rate {metrics['params']['rate']}" in metrics["command"]
    assert metrics["command"] in printed and "(3/3)" in printed and "epoch 1" not in printed
    assert "epoch 3/3" in (folder / "logs" / "0001.txt").read_text()
    for name in ("trials.png", "layouts.png", "report.html"):
        assert (folder / name).stat().st_size > 1000
    assert list((folder / "trials").iterdir()) == []
    assert run_command(load_recipe("search"), *flags(npz, folder)) == 0
    assert "3 of 3 trials are done" in capsys.readouterr().out
    assert table(folder) == rows


def test_settings_that_do_not_go_together_are_a_failed_trial(tmp_path):
    base = load_recipe("drop_connect").Config(devices=2, batch_size=4)
    run_trial = load_recipe("search").search.run_trial
    outcome = run_trial(None, base, {"batch_size": 5}, METRIC, tmp_path / "log", None)
    assert outcome.state == "failed" and "multiple of `devices`" in outcome.reason


@pytest.mark.parametrize(
    "names", [["KERAS_DISTRIBUTION_PROCESS_ID"], *([["RANK", "WORLD_SIZE"]] if TORCH else [])]
)
def test_several_processes_of_one_job_are_refused_at_once(names, tmp_path, capsys, monkeypatch):
    for name in names:
        monkeypatch.setenv(name, "2")
    assert run_command(load_recipe("search"), *flags("x.npz", tmp_path / "search")) == 2
    assert_one_line(capsys, f"Received: {', '.join(names)} in the environment")
    assert not (tmp_path / "search").exists()


@pytest.mark.slow
def test_a_metric_that_is_not_there(tmp_path, capsys):
    npz = write_npz(tmp_path / "squares.npz", count=24)
    arguments = flags(npz, tmp_path / "search", "--metric", "val_f1")
    assert run_command(load_recipe("search"), *arguments) == 2
    assert_one_line(capsys, "metric=val_f1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--recipe", "nothing"], "name of a recipe"),
        (["--recipe", str(ROOT / "recipes" / "predict.py")], "a script that trains"),
        (["--search", "learning_rat=log:1:2"], "did you mean learning_rate"),
        (["--search", "learning_rate=1:0.1"], "LOW < HIGH"),
        (["--fixed", "epochs=0"], "epochs=0"),
        (["--trials", 0], "trials=0"),
        (["--output", ""], "name of a folder"),
    ],
)
def test_what_is_refused(arguments, words, capsys):
    assert run_command(load_recipe("search"), *arguments) == 2
    assert_one_line(capsys, words)


def start(arguments):
    command = [sys.executable, "recipes/search.py", *map(str, arguments)]
    output = subprocess.DEVNULL
    return subprocess.Popen(
        command, cwd=ROOT, stdout=output, stderr=output,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@pytest.mark.soak
def test_a_killed_search_goes_on_inside_its_trial(tmp_path):
    npz = write_npz(tmp_path / "squares.npz", count=48)
    # In one stage no draw looks at other trials, whichever process ends first.
    whole, killed = (flags(npz, tmp_path / name, "--stages", 1) for name in ("whole", "killed"))
    assert start(whole).wait() == 0
    process, states = start(killed), tmp_path / "killed" / "trials" / "0001" / "state"
    end = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < end:
        if states.is_dir() and any(name.endswith(".bin") for name in os.listdir(states)):
            break
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    both = [start(killed), start(killed)]
    assert [process.wait() for process in both] == [0, 0]
    assert (tmp_path / "killed" / "logs" / "0001.txt").read_text().count("epoch 1/3") == 1
    for name in ("Trial", METRIC, "learning_rate", "rate"):
        assert {row[name] for row in table(tmp_path / "killed")} == {
            row[name] for row in table(tmp_path / "whole")
        }
