"""The trials of a search: who runs which, what a kill leaves, and what is refused."""

import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("optuna")

from kerasrecipes.search import Range, Study
from kerasrecipes.search.closing import edge_warnings
from kerasrecipes.search.sampler import grid_values

SPACE = (
    Range("rate", 1e-4, 1.0, log=True),
    Range("depth", 2, 20, integer=True),
    Range("kind", choices=("batch", "group")),
)
ROOT = pathlib.Path(__file__).parents[2]
CLAIM_AND_WAIT = """
import sys, time
from kerasrecipes.search import Range, Study
from tests.search.test_study import study
trial = study(sys.argv[1]).claim()
print(trial.user_attrs["index"], flush=True)
time.sleep(600)
"""


def study(folder, trials=6, sampler="random", stages=2, seed=0, maximize=True, warm_up=None):
    return Study(
        folder, {"metric": "a", "seed": seed}, SPACE, trials, maximize, sampler, stages, seed,
        warm_up,
    )  # fmt: skip


def run_all(found, value_of):
    """Run all trials; return their settings."""
    settings = []
    while (trial := found.claim()) is not None:
        settings.append(trial.params)
        found.finish(trial, "complete", value_of(trial.params))
    return settings


def score(params):
    return -abs(np.log10(params["rate"]) + 2) - 0.01 * params["depth"]


def test_all_trials_are_run_once_and_inside_the_ranges(tmp_path):
    found = study(tmp_path)
    settings = run_all(found, score)
    assert len(settings) == 6 and found.claim() is None
    for params in settings:
        assert 1e-4 <= params["rate"] <= 1 and params["depth"] in range(2, 21)
        assert params["kind"] in ("batch", "group")
    values = [trial.value for trial in found.finished()]
    assert values == [score(params) for params in settings]
    assert found.best().value == max(values)
    assert list((tmp_path / "trials").iterdir()) == []


def test_the_second_stage_is_near_the_best_of_the_first(tmp_path):
    settings = run_all(study(tmp_path, trials=12), score)
    best = max(settings[:6], key=score)
    for params in settings[6:]:
        assert abs(np.log10(params["rate"] / best["rate"])) <= 1 + 1e-9  # a quarter of 4 decades
    assert np.ptp(np.log10([params["rate"] for params in settings[:10]])) > 2


def test_less_is_better(tmp_path):
    found = study(tmp_path, maximize=False)
    run_all(found, score)
    assert found.best().value == min(trial.value for trial in found.finished())


def test_the_same_seed_draws_the_same(tmp_path):
    first, again, other = (
        run_all(study(tmp_path / name, 3, seed=seed), score)
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert first == again != other


def test_every_point_of_a_grid_once(tmp_path):
    settings = run_all(study(tmp_path, trials=8, sampler="grid"), score)
    points = {tuple(params.values()) for params in settings}
    rates, depths, kinds = grid_values(SPACE, 8)
    assert points == {(r, d, k) for r in rates for d in depths for k in kinds}
    assert len(rates) == len(depths) == 2 and rates == pytest.approx([1e-4, 1.0])


def test_tpe_runs(tmp_path):
    assert len(run_all(study(tmp_path, trials=11, sampler="tpe"), score)) == 11


def test_a_trial_worse_than_the_median_is_stopped_and_never_the_best(tmp_path):
    found = study(tmp_path, trials=6, warm_up=1)
    for _ in range(5):
        trial = found.claim()
        for epoch in range(3):
            trial.report(0.8, epoch)
            assert not trial.should_prune()
        found.finish(trial, "complete", 0.8)
    trial = found.claim()
    trial.report(0.1, 0)
    assert not trial.should_prune()  # within the warm-up
    trial.report(0.1, 1)
    assert trial.should_prune()
    found.finish(trial, "pruned", 0.9)
    assert found.claim() is None and found.best().value == 0.8
    assert found.finished()[-1].state.name == "PRUNED"


def test_a_failed_trial_counts_and_has_no_value(tmp_path):
    found = study(tmp_path, trials=1)
    found.finish(found.claim(), "failed")
    assert found.claim() is None and found.best() is None
    assert [trial.state.name for trial in found.finished()] == ["FAIL"]


@pytest.mark.slow
def test_a_killed_process_leaves_its_trial_and_a_live_one_keeps_it(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIM_AND_WAIT, str(tmp_path)],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout.readline() == "0\n"
    found = study(tmp_path)
    second = found.claim()
    assert second.user_attrs["index"] == 1
    process.send_signal(signal.SIGKILL)
    process.wait()
    (found.folder / "trials" / "0001" / "state").write_text("of the killed training")
    found.finish(second, "complete", 0.5)
    first = found.claim()
    assert first.user_attrs["index"] == 0
    assert (found.folder_of(first) / "state").exists()
    expected = run_all(study(tmp_path / "other"), score)
    assert first.params == expected[0] and second.params == expected[1]
    found.finish(first, "complete", 0.5)
    assert len(run_all(found, score)) == 4
    assert [trial.user_attrs["index"] for trial in found.finished()] == list(range(6))


def test_more_trials_of_the_same_search(tmp_path):
    run_all(study(tmp_path, trials=3, stages=1), score)
    assert len(run_all(study(tmp_path, trials=5, stages=1), score)) == 2


def test_another_search_in_the_folder_is_refused(tmp_path):
    study(tmp_path)
    with pytest.raises(ValueError, match="seed=0.*Received: seed=1"):
        study(tmp_path, seed=1)


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\x00" + b"x" * 4096])
def test_a_broken_database_is_refused_and_kept(content, tmp_path):
    (tmp_path / "search.db").write_bytes(content)
    with pytest.raises(ValueError, match="not the database of a search"):
        study(tmp_path)
    assert (tmp_path / "search.db").read_bytes() == content


@pytest.mark.parametrize(
    ("rate", "depth", "words"),
    [(0.01, 10, []), (1e-4, 10, ["below"]), (0.99, 10, ["above"]), (0.9, 2, ["above", "below"])],
)
def test_the_best_at_the_end_of_a_range(rate, depth, words):
    sentences = edge_warnings(SPACE, {"rate": rate, "depth": depth, "kind": "group"})
    assert [("below" if "below" in text else "above") for text in sentences] == words
