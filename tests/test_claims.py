"""`benchmarks/claims.py`: the runs, what is stored of them, and the page that is made of it."""

import dataclasses
import importlib
import json
import pathlib

import numpy as np
import pytest

scipy_stats = pytest.importorskip("scipy.stats", reason="SciPy is the oracle of the intervals")
pytest.importorskip("tensorflow", reason="the claims train from tf.data")
ROOT = pathlib.Path(__file__).parent.parent


@pytest.fixture
def claims(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("claims")


@pytest.fixture
def table(claims):
    return importlib.import_module("claims_table")


def claim_of(name):
    return importlib.import_module("claims_runs").Claim(name, lambda images: {}, "none")


def stored(folder, name, baseline, technique):
    """Write runs whose arms "a" and "b" have these accuracies; loss is 1 - accuracy."""
    (folder / name).mkdir()
    for seed, pair in enumerate(zip(baseline, technique)):
        arms = {
            arm: {"accuracy": value, "loss": 1 - value, "calibration_error": 0.01,
                  "seconds": 1.0, "processor_seconds": 2.0}
            for arm, value in zip("ab", pair)
        }  # fmt: skip
        content = {"seed": seed, "arms": arms}
        (folder / name / f"seed_{seed}.json").write_text(json.dumps(content))


def test_the_page_is_made_of_the_stored_runs(claims, table):
    page = claims.PAGE.read_text(encoding="utf-8")
    assert page == table.with_table(page, claims.CLAIMS, claims.FOLDER)


def test_stored_runs_are_of_the_claims_as_they_are(claims, table):
    for claim in claims.CLAIMS:
        for run in table.runs_of(claims.FOLDER, claim.name):
            assert run["setting"] == claim.setting
            assert {arm for pair in claim.pairs for arm in pair} <= set(run["arms"])
            assert run["test_images"] == 10_000 and run["machine"]["processor"]


def test_every_claim_has_five_seeds_and_one_that_is_open_ten(claims, table):
    for claim in claims.CLAIMS:
        runs = table.runs_of(claims.FOLDER, claim.name)
        assert len(runs) >= (10 if table.is_open(claim, runs) else 5), claim.name


def test_intervals_are_those_of_the_paired_t_test(claims, table, tmp_path):
    rng = np.random.default_rng(0)
    baseline, technique = 0.8 + 0.01 * rng.normal(size=(2, 12))
    stored(tmp_path, "one", baseline, technique)
    claim = claim_of("one")
    row = table.table([claim], tmp_path).splitlines()[2].split(" | ")
    differences = 100 * (technique - baseline)
    low, high = scipy_stats.ttest_1samp(differences, 0).confidence_interval()
    assert row[1:3] == ["b", "a"] and row[7:9] == ["12", "2 against 2"]
    assert row[4] == f"{differences.mean():+.2f} ({low:+.2f} to {high:+.2f})"
    assert table.is_open(claim, table.runs_of(tmp_path, "one")) == (low <= 0 <= high)


@pytest.mark.parametrize(
    "gains, is_open", [([2.0, 2.1, 2.3], False), ([-1, 2, 3], True), ([1], True)]
)
def test_a_claim_is_open_while_its_interval_contains_0(claims, table, tmp_path, gains, is_open):
    stored(tmp_path, "one", [0.5] * len(gains), [0.5 + gain / 100 for gain in gains])
    claim = claim_of("one")
    assert table.is_open(claim, table.runs_of(tmp_path, "one")) == is_open


@pytest.mark.slow
def test_a_run_is_stored_once_and_another_setting_is_refused(
    claims, table, tmp_path, monkeypatch, capsys
):
    rng, arrays = np.random.default_rng(0), {}
    for name, count in (("train", 80), ("test", 20)):
        arrays[f"y_{name}"] = np.arange(count) % 10
        arrays[f"x_{name}"] = rng.integers(0, 256, (count, 12, 12)).astype("uint8")
    np.savez(tmp_path / "images.npz", **arrays)
    claim = next(claim for claim in claims.CLAIMS if claim.name == "averaging_cosine")
    monkeypatch.setattr(claims, "CLAIMS", (dataclasses.replace(claim, count=60),))
    options = ["--data", str(tmp_path / "images.npz"), "--results", str(tmp_path / "results")]
    options += ["--seeds", "1", "--most-seeds", "2"]
    claims.main(options)
    runs = table.runs_of(tmp_path / "results", claim.name)
    assert [run["seed"] for run in runs] == [0, 1]  # open with one seed: one more
    assert capsys.readouterr().out.count("averaging_cosine, seed") == 2
    last, averaged = runs[0]["arms"].values()
    assert last["loss"] != averaged["loss"] and 0 <= averaged["accuracy"] <= 1
    assert last["processor_seconds"] > 0
    claims.main(options)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(claims, "CLAIMS", (dataclasses.replace(claim, count=50),))
    with pytest.raises(SystemExit, match="another setting"):
        claims.main(options)


def test_images_of_a_seed_are_the_same_and_of_another_are_others(claims):
    x = np.arange(100).reshape(100, 1, 1, 1)
    arrays = {"x_train": x, "y_train": x[:, 0, 0, 0], "x_test": x, "y_test": x[:, 0, 0, 0]}
    one, same, other = (claims.drawn(arrays, 50, seed) for seed in (0, 0, 1))
    assert (one.x == same.x).all() and (one.x != other.x).any()
    assert (one.x[:, 0, 0, 0] == one.y).all() and len(set(one.y.tolist())) == 50
    with pytest.raises(ValueError, match="Received: 100"):
        claims.drawn(arrays, 101, 0)


def test_every_card_names_claims_that_there_are(claims):
    known = {claim.name for claim in claims.CLAIMS}
    named = []
    for page in (ROOT / "docs" / "techniques").glob("*.md"):
        blocks = page.read_text(encoding="utf-8").split("```claim\n")[1:]
        named += [block.partition("\n")[0].strip() for block in blocks]
    assert named and set(named) <= known
