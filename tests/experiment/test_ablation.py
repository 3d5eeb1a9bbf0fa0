"""`experiment.ablate` with a recipe that trains nothing: its results are a formula."""

import dataclasses
import json

import numpy as np
import pytest

from kerasrecipes import data, experiment
from kerasrecipes.evaluation import mean_interval
from kerasrecipes.flags import flag

OFF = {"noise": {"noise": 0.0}, "colour": {"colour": False, "noise": 0.0}, "nothing": {"unused": 1}}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(experiment.TrainingConfig):
    ablate: bool = flag(True, "ablate")
    seeds: int = flag(3, "trainings of each kind")
    noise: float = flag(0.5, "noise")
    colour: bool = flag(True, "colour")
    unused: int = flag(1, "off already")


def test_of(config):
    accuracy = 0.5 + 0.1 * config.seed + 0.02 * config.noise * config.seed + 0.1 * config.colour
    one = {
        "accuracy": accuracy, "loss": 1 - accuracy, "calibration_error": 0.1, "images": 7,
        "images_per_second": 9.0,
    }  # fmt: skip
    mirror = {**one, "accuracy": accuracy + 0.1 * (config.seed + 1), "loss": 2.0}
    tests = {"one crop": one, **({"mirror": mirror} if config.colour else {})}
    return {**list(tests.values())[-1], "protocols": tests}


test_of.__test__ = False


class Trainings:
    """A recipe's `main`; what is run by it, and after how many trainings a signal comes."""

    def __init__(self, signal_after=None):
        self.seen, self.signal_after = [], signal_after

    def __call__(self, config):
        with experiment.run(config, "trained") as run:
            assert not config.ablate
            self.seen.append((config.seed, config.noise, config.colour))
            run.write("model.keras", b"")
            metrics = run.metrics_of(test_of(config))
            metrics["interrupted"] = len(self.seen) == self.signal_after
            run.close(metrics)
            return metrics


def ablate(folder, main, images=None, **fields):
    images = images or data.load("fashion_mnist_sample")
    with experiment.run(Config(output=str(folder), **fields), "ablated") as run:
        return experiment.ablate(run, images, main, OFF)


def test_each_technique_is_compared_by_seed(tmp_path, capsys):
    main = Trainings()
    metrics = ablate(tmp_path / "run", main, seed=1)
    every = [(noise, colour) for noise, colour in ((0.5, True), (0.0, True), (0.0, False))]
    assert main.seen == [(seed, *one) for seed in (1, 2, 3) for one in every]
    measured = metrics["ablation"]
    assert list(measured)[:3] == ["all techniques", "without noise", "without colour"]
    accuracies = [
        test_of(Config(seed=seed, noise=0.0))["protocols"]["one crop"]["accuracy"]
        for seed in (1, 2, 3)
    ]
    assert measured["without noise"]["accuracy"] == accuracies
    change = mean_interval([-0.01 * seed for seed in (1, 2, 3)])
    page = (tmp_path / "run" / "report.html").read_text()
    for sign in (1, -1):  # of accuracy, and of loss
        low, high = sorted((sign * change.low, sign * change.high))
        assert f"{sign * change.mean:+.4f}" in page and f"{low:+.4f} to {high:+.4f}" in page
    assert metrics["headline"].endswith("By their intervals help: colour; hurt: none.")
    output = capsys.readouterr().out
    assert "9/9: without colour, seed 3: accuracy 0.8000" in output and "Report" in output
    assert not (tmp_path / "run" / "state").exists()
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["ablation"] == measured


def test_trainings_are_compared_by_the_test_that_all_have(tmp_path):
    metrics = ablate(tmp_path / "run", Trainings())
    mirror = metrics["ablation"]["tested by mirror"]
    crop = metrics["ablation"]["all techniques"]["accuracy"]
    np.testing.assert_allclose(np.subtract(mirror["accuracy"], crop), [0.1, 0.2, 0.3])
    assert mirror["loss"] == [2.0] * 3 and "tested by one crop" not in metrics["ablation"]
    assert metrics["headline"].startswith(f"Accuracy {np.mean(crop):.4f} by one crop on 7 test")
    assert metrics["headline"].endswith("help: colour; hurt: none.")
    assert "tested by mirror" in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.slow
def test_an_interrupted_ablation_resumes_after_the_last_whole_training(tmp_path, capsys):
    folder, whole = tmp_path / "run", ablate(tmp_path / "whole", Trainings())
    main = Trainings(signal_after=4)
    with pytest.raises(KeyboardInterrupt):
        ablate(folder, main)
    assert f"--resume --output {folder}" in capsys.readouterr().err
    resumed = ablate(folder, main, resume=True)
    assert len(main.seen) == 10 and main.seen[3] == main.seen[4]
    assert resumed["ablation"] == whole["ablation"]


def test_a_training_that_diverged_has_no_interval_of_its_loss(tmp_path):
    def main(config):
        metrics = Trainings()(config)
        if config.seed == 1 and not config.colour:
            test = metrics["test"]["protocols"]["one crop"]
            test["loss"] = test["calibration_error"] = None
        return metrics

    metrics = ablate(tmp_path / "run", main, seeds=2)
    assert metrics["ablation"]["without colour"]["loss"][1] is None
    page = (tmp_path / "run" / "report.html").read_text()
    assert np.isfinite(metrics["test"]["accuracy"]) and "without colour" in page


def test_bad_input(tmp_path):
    with pytest.raises(ValueError, match="noise, colour, nothing all off"):
        ablate(tmp_path / "run", Trainings(), noise=0.0, colour=False)
    assert not (tmp_path / "run").exists()
    numbers = type("Images", (), {"task": "regression"})
    with pytest.raises(ValueError, match="task='regression'"):
        ablate(tmp_path / "run", Trainings(), numbers)
