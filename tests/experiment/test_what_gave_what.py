"""A report has the table of its recipe's stored ablation, where the images are the same."""

import importlib.util
import json
import sys

import pytest

from kerasrecipes.evaluation import mean_interval
from kerasrecipes.experiment.ablation import HEADER
from kerasrecipes.experiment.what_gave_what import what_gave_what

MEASURED = {
    "all techniques": {"accuracy": [0.8, 0.9], "loss": [0.5, 0.4], "calibration_error": [0.1, 0.1]},
    "without noise": {"accuracy": [0.7, 0.85], "loss": [0.6, 0.6], "calibration_error": [0.2, 0.3]},
}


@pytest.fixture
def config(tmp_path, monkeypatch):
    """The config of a recipe in a file of its own, whose ablation on shoes is stored."""
    (tmp_path / "noisy.py").write_text("class Config:\n    pass\n")
    (tmp_path / "results" / "ablation").mkdir(parents=True)
    stored = {"command": "python recipes/noisy.py --ablate", "data": "shoes", "ablation": MEASURED}
    (tmp_path / "results" / "ablation" / "noisy.json").write_text(json.dumps(stored))
    spec = importlib.util.spec_from_file_location("noisy", tmp_path / "noisy.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "noisy", module)
    spec.loader.exec_module(module)
    return module.Config()


def test_a_row_a_training(config):
    ((heading, header, rows),) = what_gave_what(config, "shoes")
    assert heading == "What gave what, by python recipes/noisy.py --ablate" and header == HEADER
    assert rows[0] == ["all techniques", "0.8500", "", "", "", "", "0.1000"]
    change = mean_interval([-0.1, -0.05])
    assert rows[1][:4] == [
        "without noise", "0.7750", "-0.0750", f"{change.low:+.4f} to {change.high:+.4f}"
    ]  # fmt: skip
    assert rows[1][4] == "+0.1500" and rows[1][6] == "0.2500"


def test_nothing_is_shown_of_other_images_or_without_a_stored_ablation(config, tmp_path):
    assert what_gave_what(config, "boots") == []
    (tmp_path / "results" / "ablation" / "noisy.json").unlink()
    assert what_gave_what(config, "shoes") == []
    assert what_gave_what(type("Config", (), {"__module__": "of a notebook"})(), "shoes") == []
