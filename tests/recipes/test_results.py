"""No figure of the results table drifts from its json, and the recipes are what they say."""

import ast
import dataclasses
import json

import pytest

from kerasrecipes.experiment import RunConfig, results
from tests.recipes.helpers import ROOT, load_recipe

NO_TRAINING = {
    "predict", "own_model", "search", "baselines", "optimizers", "initialization", "style_transfer"
}  # fmt: skip
RECIPES = sorted({path.stem for path in (ROOT / "recipes").glob("*.py")} - NO_TRAINING)


def test_the_table_is_made_from_the_stored_results():
    page = (ROOT / "recipes" / "README.md").read_text()
    assert page == results.with_table(page, ROOT / "recipes" / "results")


@pytest.mark.parametrize("name", RECIPES)
def test_a_header_says_what_its_command_gave(name):
    text = (ROOT / "recipes" / f"{name}.py").read_text()
    content = json.loads((ROOT / "recipes" / "results" / f"{name}.json").read_text())
    assert f"    {content['command']}  # " in ast.get_docstring(ast.parse(text))
    assert results.with_result(text, content) == text


def test_a_result_stands_behind_its_own_command():
    runs = [
        {"seconds": seconds, "test": {"protocols": {
            "plain": {"accuracy": low}, "worse": {"accuracy": 0.1}, "a_b": {"accuracy": low + 0.1},
        }}}
        for seconds, low in ((10, 0.5), (21, 0.7))
    ]  # fmt: skip
    header = "    python r.py --more  # old\n    python r.py  # old one\n    python r.py\n"
    found = results.with_result(header, {"command": "python r.py", "runs": runs})
    said = "plain 60.0%, a b 70.0 ± 14.1%, 2 x 16 s"
    assert found == header.replace("old one", said)
    one = [{**runs[0], "test": {"protocols": {"plain": {"accuracy": 0.5}}}}]
    found = results.with_result("    python r.py\n", {"command": "python r.py", "runs": one})
    assert found == "    python r.py  # plain 50.0%, 10 s\n"


def test_stored_results_name_no_machine():
    for path in (ROOT / "recipes" / "results").glob("*.json"):
        content = json.loads(path.read_text())
        assert "/" not in content["config"]["data"] and content["runs"], path


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_has_a_card_a_config_and_a_result(name):
    path = ROOT / "recipes" / f"{name}.py"
    text = path.read_text()
    assert 80 <= len(text.splitlines()) <= 150, "a recipe is read from top to bottom"
    card = ast.get_docstring(ast.parse(text))
    assert f"python recipes/{name}.py" in card and "http" in card
    module = load_recipe(name)
    assert issubclass(module.Config, RunConfig)
    assert module.Config.__dataclass_params__.frozen
    assert (ROOT / "recipes" / "results" / f"{name}.json").exists()
    for field in dataclasses.fields(module.Config):
        assert field.metadata["help"]


def metrics(seed, accuracy, **changes):
    return {
        "recipe": "r", "command": "python recipes/r.py", "data": "d", "seed": seed, "seconds": 10,
        "steps": 5, "versions": {}, "interrupted": False,
        "config": {"data": "/somewhere/d.npz", "seed": seed, "output": "o", "epochs": 2},
        "test": {"protocols": {"p": {
            "accuracy": accuracy, "images": 100, "images_per_second": 100.0,
        }}}, **changes,
    }  # fmt: skip


def write(tmp_path, *runs):
    folders = []
    for number, run in enumerate(runs):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "metrics.json").write_text(json.dumps(run))
        folders.append(folder)
    return folders


def test_store_and_table(tmp_path):
    folders = write(tmp_path, metrics(0, 0.8), metrics(1, 0.9))
    path = results.store(folders, tmp_path)
    assert json.loads(path.read_text())["config"] == {"data": "d.npz", "epochs": 2}
    table = results.table(tmp_path)
    assert "| d | p | 0.8500 | 0.767 to 0.907 | 0.8000 to 0.9000 | 100 | 2 | 10 |" in table
    page = results.with_table(f"a\n{results.BEGIN}\nold\n{results.END}\nb", tmp_path)
    assert page.startswith("a\n") and page.endswith("\nb") and "old" not in page


def test_unlike_or_unfinished_runs_are_not_stored(tmp_path):
    other = metrics(1, 0.9)
    other["config"]["epochs"] = 3
    with pytest.raises(ValueError, match="differ only in their seed"):
        results.store(write(tmp_path, metrics(0, 0.8), other), tmp_path)
    (tmp_path / "more").mkdir()
    with pytest.raises(ValueError, match="finished"):
        results.store(write(tmp_path / "more", metrics(0, 0.8, interrupted=True)), tmp_path)


def test_an_ablation_is_stored_for_reports_and_not_in_the_table(tmp_path):
    measured = {"all techniques": {"accuracy": [0.8, 0.9]}}
    one, other = ({**metrics(seed, 0.85), "ablation": measured} for seed in (0, 1))
    folders = write(tmp_path, one, other)
    path = results.store(folders[:1], tmp_path)
    assert path == tmp_path / "ablation" / "r.json"
    assert json.loads(path.read_text())["ablation"] == measured
    assert results.table(tmp_path).count("\n") == 1
    with pytest.raises(ValueError, match="or a single run with --ablate"):
        results.store(folders, tmp_path)
    with pytest.raises(ValueError, match="Received: name='other'"):
        results.store(folders[:1], tmp_path, "other")


def test_a_stored_command_names_no_machine_and_no_seed(tmp_path):
    command = "python '/home/me/my recipes/r.py' --data /home/me/d.npz --seed 4 --epochs 2"
    folders = write(tmp_path, metrics(4, 0.5, command=command))
    stored = json.loads(results.store(folders, tmp_path).read_text())
    assert stored["command"] == "python recipes/r.py --data d.npz --epochs 2"
