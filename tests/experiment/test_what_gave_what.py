"""A report has the table of its recipe's stored ablation, where the images are the same."""

import importlib.util
import json
import sys

import pytest

from kerasrecipes.evaluation import mean_interval
from kerasrecipes.experiment.ablation import HEADER
from kerasrecipes.experiment.what_gave_what import what_gave_what
from tests.recipes.helpers import load_recipe

MEASURED = {
    "all techniques": {"accuracy": [0.8, 0.9], "loss": [0.5, 0.4], "calibration_error": [0.1, 0.1]},
    "without noise": {"accuracy": [0.7, 0.85], "loss": [0.6, 0.6], "calibration_error": [0.2, 0.3]},
}


RECIPE = """
import dataclasses

@dataclasses.dataclass
class Config:
    data: str = "shoes"
    epochs: int = 5
    newer: int = 1
    seed: int = 0
"""


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """The module of a recipe in a file of its own, whose ablation on shoes is stored."""
    (tmp_path / "noisy.py").write_text(RECIPE)
    (tmp_path / "results" / "ablation").mkdir(parents=True)
    stored = {
        "command": "python recipes/noisy.py --ablate", "ablation": MEASURED,
        "config": {"data": "shoes", "epochs": 5, "seed": 3, "ablate": True},
    }  # fmt: skip
    (tmp_path / "results" / "ablation" / "noisy.json").write_text(json.dumps(stored))
    spec = importlib.util.spec_from_file_location("noisy", tmp_path / "noisy.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "noisy", module)
    spec.loader.exec_module(module)
    return module


def test_a_row_a_training(recipe):
    ((heading, header, rows),) = what_gave_what(recipe.Config(seed=7))
    assert heading.endswith("the changes without it, by python recipes/noisy.py --ablate")
    assert header == HEADER and rows[0] == ["all techniques", "0.8500", "", "", "", "", "0.1000"]
    change = mean_interval([-0.1, -0.05])
    assert rows[1][:4] == [
        "without noise", "0.7750", "-0.0750", f"{change.low:+.4f} to {change.high:+.4f}"
    ]  # fmt: skip
    assert rows[1][4] == "+0.1500" and rows[1][6] == "0.2500"


@pytest.mark.parametrize("changes", [{"data": "boots"}, {"epochs": 6}, {"newer": 2}])
def test_nothing_is_shown_with_other_settings(recipe, changes):
    assert what_gave_what(recipe.Config(**changes)) == []


def test_nothing_is_shown_without_a_stored_ablation(recipe, tmp_path):
    (tmp_path / "results" / "ablation" / "noisy.json").unlink()
    assert what_gave_what(recipe.Config()) == []
    assert what_gave_what(type("Config", (), {"__module__": "of a notebook"})()) == []


def test_the_flagship_has_one_of_its_own_settings():
    flagship = load_recipe("resnet_crop")
    ((heading, _, rows),) = what_gave_what(flagship.Config())
    assert "python recipes/resnet_crop.py --ablate" in heading
    off = {f"without {name}" for name in flagship.OFF} - {"without stochastic depth"}
    tests = {"tested by mirror", "tested by mirror and shifts"}
    assert {row[0] for row in rows} == {"all techniques", *off, *tests}
