"""The folder of a run: what it accepts, what it writes, what it keeps."""

import dataclasses
import json

import keras
import pytest

from kerasrecipes import experiment


@pytest.fixture
def config(tmp_path):
    return experiment.TrainingConfig(output=str(tmp_path / "run"), seed=3)


def opened(config, **changes):
    return experiment.Run(dataclasses.replace(config, **changes), "recipe")


def test_nothing_is_written_before_begin(config, tmp_path):
    run = opened(config)
    assert not (tmp_path / "run").exists()
    run.begin()
    stored = json.loads((tmp_path / "run" / "config.json").read_text())
    assert stored["recipe"] == "recipe" and stored["config"]["seed"] == 3


def test_the_default_folder_is_named_after_recipe_and_time(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders = []
    for _ in range(2):
        run = experiment.Run(experiment.TrainingConfig(), "recipe")
        run.begin()
        folders.append(run.folder)
    assert folders[0] != folders[1]
    assert all(folder.parts[:2] == ("runs", "recipe") for folder in folders)


def test_leftovers_of_a_kill_are_neither_a_run_nor_kept(config, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".part-config.json").write_text("{")
    opened(config, resume=True).begin()
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"config.json"}


def test_a_folder_in_use_is_refused_and_a_strange_one_not_resumed(config, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="`output` must be a new folder.*Received"):
        opened(config)
    with pytest.raises(ValueError, match="no config.json"):
        opened(config, resume=True)


def test_resume_keeps_recipe_and_configuration(config):
    opened(config).begin()
    assert opened(config, resume=True).start_step == 0
    with pytest.raises(ValueError, match="seed=3.*Received: seed=4"):
        opened(config, resume=True, seed=4)
    with pytest.raises(ValueError, match="of the recipe recipe. Received: other"):
        experiment.Run(
            experiment.TrainingConfig(output=config.output, seed=3, resume=True), "other"
        )


def test_finished_is_told_by_metrics_json(config, capsys):
    run = opened(config)
    run.begin()
    run.close(run.metrics_of({"accuracy": 0.5}, more=1))
    assert run.metrics()["test"] == {"accuracy": 0.5} and run.metrics()["more"] == 1
    again = opened(config, resume=True)
    assert again.finished and again.metrics() == run.metrics()
    assert "finished run" in capsys.readouterr().out


def test_a_write_that_fails_leaves_the_file_before(config):
    run = opened(config)
    run.begin()
    run.write("a.txt", "first")
    with pytest.raises(TypeError):
        run.write("a.txt", 5)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    run.write_model(model)
    assert {path.name for path in run.folder.iterdir()} == {"config.json", "a.txt", "model.keras"}
    assert (run.folder / "a.txt").read_text() == "first"


def test_the_command_names_what_differs_from_the_defaults(config):
    metrics = opened(config, data="/somewhere/images.npz", epochs=3, strict=True).metrics_of({})
    assert metrics["command"] == "python recipes/recipe.py --data images.npz --epochs 3 --strict"


def test_numbers_and_booleans_in_the_command(config):
    metrics = opened(config, epochs=1, batch_size=1, clip_norm=1.0, data="my images").metrics_of({})
    expected = "--data 'my images' --epochs 1 --batch-size 1 --clip-norm 1.0"
    assert metrics["command"] == f"python recipes/recipe.py {expected}"


def test_figures_that_are_not_finite_are_null(config, capsys):
    run = opened(config)
    run.begin()
    run.close(run.metrics_of({"loss": float("nan"), "parts": [float("inf"), 1.0]}))
    assert json.loads((run.folder / "metrics.json").read_text())["test"] == {
        "loss": None,
        "parts": [None, 1.0],
    }
    assert "diverged" in capsys.readouterr().out


@pytest.mark.parametrize("name, content", [("config.json", "{"), ("config.json", "{}"),
                                           ("metrics.json", "[]")])  # fmt: skip
def test_a_damaged_folder_is_not_resumed(config, name, content):
    run = opened(config)
    run.begin()
    run.write(name, content)
    with pytest.raises(ValueError, match=f"{name} is damaged"):
        opened(config, resume=True)


def test_an_unwritable_place_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for output in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises((ValueError, OSError), match="file"):
            experiment.Run(experiment.TrainingConfig(output=str(output)), "recipe")
