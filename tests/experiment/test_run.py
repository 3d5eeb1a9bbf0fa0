"""The folder of a run: what it accepts, what it writes, what it keeps."""

import contextlib
import dataclasses
import json
import os
import shlex
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from kerasrecipes import augment, data, evaluation, experiment
from kerasrecipes.experiment.provenance import command_of


@pytest.fixture
def config(tmp_path):
    return experiment.TrainingConfig(output=str(tmp_path / "run"), seed=3)


@contextlib.contextmanager
def opened(config, **changes):
    with experiment.run(dataclasses.replace(config, **changes), "recipe") as run:
        yield run
        if not run.closed:
            run.close(run.metrics_of({}))


class Stopped(Exception):
    """Ends a run before `close`."""


def leave_state(config):
    """A run that ended unfinished, with a state to go on from."""
    with pytest.raises(Stopped), opened(config) as run:
        (run.folder / "state").mkdir()
        (run.folder / "state" / "step-1").write_text("x")
        raise Stopped


def test_a_run_that_fails_before_it_can_be_resumed_leaves_nothing(config, tmp_path):
    with pytest.raises(Stopped), opened(config, output=str(tmp_path / "a" / "b")):
        assert (tmp_path / "a" / "b" / "config.json").exists()
        raise Stopped
    assert not list(tmp_path.iterdir())
    leave_state(config)
    stored = json.loads((tmp_path / "run" / "config.json").read_text())
    assert stored["recipe"] == "recipe" and stored["config"]["seed"] == 3


def test_a_run_must_be_closed(config):
    with pytest.raises(RuntimeError, match="close_run"), experiment.run(config, "recipe"):
        pass


def test_the_default_folder_is_named_after_recipe_and_time(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = experiment.TrainingConfig()
    with opened(config) as one, opened(config) as other:  # within a second, or not
        assert one.folder != other.folder
        assert all(run.folder.parts[:2] == ("runs", "recipe") for run in (one, other))


IN_ANOTHER_PROCESS = """
import sys
from kerasrecipes import augment, data, experiment
try:
    config = experiment.TrainingConfig(output=sys.argv[1], resume=True, seed=3)
    with experiment.run(config, "recipe"):
        pass
except ValueError as error:
    print(error)
"""


@pytest.mark.slow
def test_a_run_that_another_process_is_in_is_not_resumed(config, tmp_path):
    with opened(config) as run:
        command = [sys.executable, "-c", IN_ANOTHER_PROCESS, str(run.folder)]
        other = subprocess.run(command, capture_output=True, text=True, check=False)
        assert f"in use by process {os.getpid()}" in other.stdout, other.stderr
        assert (run.folder / "config.json").exists()


def test_leftovers_of_a_kill_are_neither_a_run_nor_kept(config, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".part-config.json").write_text("{")
    with opened(config, resume=True):
        names = {path.name for path in (tmp_path / "run").iterdir()}
        assert names == {"config.json", ".lock"}


def test_a_folder_that_is_removed_is_made_again(config):
    with opened(config) as run:
        shutil.rmtree(run.folder)
        with pytest.warns(UserWarning, match="was removed during the run"):
            run.write("a.txt", "kept")
    assert {path.name for path in run.folder.iterdir()} == {"config.json", "a.txt", "metrics.json"}


def test_a_folder_in_use_is_refused_and_a_strange_one_not_resumed(config, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="`output` must be a new folder.*Received"), opened(config):
        pass
    with pytest.raises(ValueError, match="no config.json"), opened(config, resume=True):
        pass
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["notes.txt"]


def test_resume_keeps_recipe_and_configuration(config):
    leave_state(config)
    with (
        pytest.raises(ValueError, match="seed=3.*Received: seed=4"),
        opened(config, resume=True, seed=4),
    ):
        pass
    other = dataclasses.replace(config, resume=True)
    with (
        pytest.raises(ValueError, match="of the recipe recipe. Received: other"),
        experiment.run(other, "other"),
    ):
        pass


def test_a_run_from_before_a_flag_is_resumed_with_its_default(config, tmp_path):
    leave_state(config)
    path = tmp_path / "run" / "config.json"
    stored = json.loads(path.read_text())
    del stored["config"]["epochs"]
    path.write_text(json.dumps(stored))
    refused = pytest.raises(ValueError, match="epochs=10.*Received: epochs=3")
    with refused, opened(config, resume=True, epochs=3):
        pass
    with opened(config, resume=True):
        pass


def test_finished_is_told_by_metrics_json_and_the_state_goes_after_it(config, monkeypatch):
    with opened(config) as run:
        (run.folder / "state").mkdir(exist_ok=True)
        monkeypatch.setattr(
            shutil, "rmtree", lambda path, **_: seen.append((run.folder / "metrics.json").exists())
        )
        seen = []
        run.close(run.metrics_of({"accuracy": 0.5}, more=1))
        assert seen == [True]
    assert run.metrics()["test"] == {"accuracy": 0.5} and run.metrics()["more"] == 1
    finished = pytest.raises(experiment.RunFinished, match="holds a finished run")
    with finished as info, opened(config, resume=True):
        pass
    assert info.value.metrics == run.metrics()


def test_a_write_that_fails_leaves_the_file_before(config):
    with opened(config) as run:
        run.write("a.txt", "first")
        with pytest.raises(TypeError):
            run.write("a.txt", 5)
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        run.write_model(model)
        names = {path.name for path in run.folder.iterdir()}
        assert names == {"config.json", "a.txt", "model.keras", ".lock"}
        assert (run.folder / "a.txt").read_text() == "first"


def test_the_command_names_what_differs_from_the_defaults(config):
    changed = dataclasses.replace(config, data="tfds:one", epochs=3, strict=True)
    command = "python recipes/recipe.py --data tfds:one --seed 3 --strict --epochs 3"
    assert command_of("recipe", changed) == command


def test_the_command_can_be_pasted_in_another_folder(config, tmp_path, monkeypatch):
    (tmp_path / "my photos").mkdir()
    (tmp_path / "recipe.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", "recipe.py", raising=False)
    words = shlex.split(command_of("recipe", dataclasses.replace(config, data="my photos")))
    assert words[:4] == ["python", f"{tmp_path}/recipe.py", "--data", f"{tmp_path}/my photos"]


def test_the_command_that_others_see_has_paths_as_they_were_given(config, tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    (tmp_path / "recipe.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", "recipe.py", raising=False)
    with opened(config, data="photos") as run:
        assert " --data photos " in run.command() and str(tmp_path) not in run.command()


def test_what_a_signal_stopped_is_said(config):
    with opened(config) as run:
        assert run.interruption is None
        run.tests_were_cut()
        assert run.interruption.startswith("All epochs are trained; a signal stopped the tests")
        run._interruption._interruption.number = 15
        assert run.interruption == "Stopped by a signal before the end of its last epoch."


@pytest.mark.slow
def test_classes_that_are_too_small_stand_beside_the_result(config):
    pixels = np.random.default_rng(0).integers(0, 255, (24, 4, 4), "uint8")
    with pytest.warns(UserWarning, match="fewer than 10"):
        images = data.load((pixels, np.repeat([0, 1], [20, 4])))
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(2, "softmax"))
    protocols = {"one crop": augment.CenterCrop(4)}
    results = evaluation.run_tests(model, images.test, protocols, [], 8, verbose=False)
    with experiment.run(config, "recipe") as run:
        metrics = experiment.close_run(run, model, None, images, results, [], protocols)
    assert metrics["small_classes"] == [["1", 4]]
    for name in ("report.html", "MODEL_CARD.md"):
        assert "1 of 2 classes have fewer than 10 images" in (run.folder / name).read_text()


def test_the_figures_of_an_epoch_are_explained(config, capsys):
    pixels = np.random.default_rng(0).integers(0, 255, (40, 4, 4), "uint8")
    labels, said = np.arange(40) % 2, "val_: the test images, as there are no validation images."
    with opened(config) as run:
        run.callbacks(data.load((pixels[:20], labels[:20], pixels[20:], labels[20:])))
        assert said in capsys.readouterr().out
        run.callbacks(data.load((pixels, labels)))
        assert said not in capsys.readouterr().out


def test_shards_are_absolute_in_the_command_and_what_is_no_path_is_not(
    config, tmp_path, monkeypatch
):
    here = tmp_path / "my [photos]"
    for name in ("out", "label", "exif"):
        (here / name).mkdir(parents=True)
    monkeypatch.chdir(here)
    columns = dataclasses.replace(config, data="tfds:one", label_column="label")
    assert "--data tfds:one --label-column label " in command_of("recipe", columns)
    for given, expected in (("*.tar", f"{tmp_path}/my [[]photos]/out/*.tar"), ("", f"{here}/out")):
        shards = dataclasses.replace(config, data=f"webdataset:out/{given}")
        words = shlex.split(command_of("recipe", shards))
        assert words[3] == f"webdataset:{expected}"


def test_numbers_and_booleans_in_the_command(config):
    changed = dataclasses.replace(config, epochs=1, batch_size=1, clip_norm=1.0, data="my images")
    expected = "--data 'my images' --seed 3 --epochs 1 --batch-size 1 --clip-norm 1.0"
    assert command_of("recipe", changed) == f"python recipes/recipe.py {expected}"


def test_figures_that_are_not_finite_are_null(config):
    with opened(config) as run:
        run.close(run.metrics_of({"loss": float("nan"), "parts": [float("inf"), 1.0]}))
    assert run.metrics()["test"] == {"loss": None, "parts": [None, 1.0]}


@pytest.mark.parametrize("name, content", [("config.json", "{"), ("config.json", "{}"),
                                           ("metrics.json", "[]")])  # fmt: skip
def test_a_damaged_folder_is_not_resumed(config, name, content, tmp_path):
    leave_state(config)
    (tmp_path / "run" / name).write_text(content)
    with pytest.raises(ValueError, match=f"damaged {name}"), opened(config, resume=True):
        pass


def test_an_unwritable_place_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for output in (tmp_path / "file", tmp_path / "file" / "run"):
        config = experiment.TrainingConfig(output=str(output))
        with pytest.raises(ValueError, match="`output`.*Received: output=.*file"), opened(config):
            pass


def train_one_epoch(config, pixels, labels):
    """Train the first of two epochs, or the rest, on these images."""
    images = data.load((pixels, labels))
    with opened(config) as run:
        model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
        model.add(keras.layers.Dense(2, "softmax"))
        model.compile("sgd", "sparse_categorical_crossentropy")
        callbacks = run.callbacks(images)
        batches = augment.pipeline(images.train, [], 4, training=True, start_step=run.start_step)
        steps = batches.steps_per_pass
        model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=callbacks)
        if not config.resume:
            raise Stopped


@pytest.mark.parametrize("what", ["images", "labels"])
@pytest.mark.slow
def test_a_run_goes_on_with_the_same_training_images_and_labels_alone(config, what):
    pixels = np.random.default_rng(0).integers(0, 255, (40, 4, 4), "uint8")
    labels = np.arange(40) % 2
    with pytest.raises(Stopped):
        train_one_epoch(config, pixels, labels)
    resumed = dataclasses.replace(config, resume=True)
    others = (pixels[::-1], labels) if what == "images" else (pixels, labels[::-1].copy())
    with pytest.raises(ValueError, match="images: 32 images"):
        train_one_epoch(resumed, *others)
    train_one_epoch(resumed, pixels, labels)
