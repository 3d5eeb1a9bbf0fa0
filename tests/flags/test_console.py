"""`kerasrecipes COMMAND`: which script runs, what it calls itself, and what it refuses."""

import os
import pathlib
import shlex
import subprocess
import sys
import types

import pytest

from kerasrecipes.experiment.next_steps import next_steps
from kerasrecipes.experiment.provenance import command_of
from kerasrecipes.experiment.results import _portable
from kerasrecipes.flags import TrainingConfig
from kerasrecipes.flags.called_as import COMMANDS, as_called, command_of_script
from kerasrecipes.flags.console import SUMMARIES

ROOT = pathlib.Path(__file__).parent.parent.parent
RECIPES = ROOT / "recipes"
COMMAND = """
import sys
from kerasrecipes_flags import console
try:
    console()
finally:
    print("SLOW", *sorted({"tensorflow", "keras", "jax", "torch", "numpy"} & set(sys.modules)))
"""


def run(*arguments):
    options = {"capture_output": True, "text": True, "env": {**os.environ, "PYTHONPATH": str(ROOT)}}
    return subprocess.run([sys.executable, "-c", COMMAND, *arguments], **options)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["run"], ["show", "--help"]])
def test_the_usage_names_every_command_and_recipe(arguments):
    result = run(*arguments)
    assert result.returncode == 0, result.stderr
    names = [line.split()[0] for line in result.stdout.splitlines() if line.startswith("  ")]
    assert set(SUMMARIES) < set(names)
    assert {path.stem for path in RECIPES.glob("*.py")} < set(names)
    assert result.stdout.endswith("\nSLOW\n")


@pytest.mark.parametrize("command", [[name] for name in COMMANDS] + [["run", "own_model"]])
def test_the_help_of_a_command_is_in_its_own_words_and_imports_nothing_slow(command):
    result = run(*command, "--help")
    assert result.returncode == 0, result.stderr
    words = " ".join(["kerasrecipes", *command])
    assert words in result.stdout and "python recipes/" not in result.stdout
    assert result.stdout.endswith("\nSLOW\n")
    page = f"results: {RECIPES / 'README.md'}."
    assert (page in " ".join(result.stdout.split())) == (command in (["train"], ["finetune"]) or
                                                         command == ["preflight"])  # fmt: skip


@pytest.mark.parametrize(
    "arguments, line",
    [
        (["trian"], "kerasrecipes: error: no command 'trian'; did you mean 'train'? (commands: "),
        (["sgdr"], "kerasrecipes: error: no command 'sgdr'; did you mean 'run sgdr'?"),
        (["run", "sgrd"], "kerasrecipes: error: no recipe 'sgrd'; did you mean 'sgdr'? (recipes: "),
        (["show", "../setup"], "kerasrecipes: error: no recipe '../setup' (recipes: "),
        (["\x1b[31m"], r"kerasrecipes: error: no command '\x1b[31m' (commands: "),
        (["train", "--epochs", "0"], "kerasrecipes train: error: Argument `epochs` must be in"),
        (["run", "sgdr", "--lr", "1"], "kerasrecipes run sgdr: error: unrecognized arguments: "),
        (["predict"], "kerasrecipes predict: error: the following arguments are required: MODEL"),
    ],
)
def test_bad_input_is_one_line(arguments, line):
    result = run(*arguments)
    assert result.returncode == 2
    assert result.stdout == "SLOW\n"
    assert result.stderr.startswith(line) and result.stderr.count("\n") == 1


def test_a_script_is_shown_as_it_is():
    expected = (RECIPES / "own_model.py").read_text()
    assert run("show", "own_model").stdout == expected + "SLOW\n"


def test_preflight_adds_its_flags_to_those_given():
    result = run("preflight", "--resume", "--output", "run")
    assert "dry_run` is for a new run" in result.stderr and result.returncode == 2


@pytest.fixture
def called(monkeypatch):
    """Let a recipe be what runs, called by its path or as a command."""

    def call(name, command=None, folder=RECIPES):
        script = types.ModuleType("__main__")
        script.__file__ = str(folder / f"{name}.py")
        if command:
            script.__command__ = command
        monkeypatch.setitem(sys.modules, "__main__", script)

    return call


def test_commands_are_of_the_form_that_was_used(called, tmp_path):
    config = TrainingConfig(epochs=3)
    called("resnet_crop")
    by_path = command_of("resnet_crop", config)
    assert by_path == f"python {shlex.quote(str(RECIPES / 'resnet_crop.py'))} --epochs 3"
    called("resnet_crop", "kerasrecipes train")
    assert command_of("resnet_crop", config) == "kerasrecipes train --epochs 3"
    assert command_of("sgdr", config) == "kerasrecipes run sgdr --epochs 3"
    assert command_of_script(str(RECIPES / "predict.py")) == "kerasrecipes predict"
    mine = str(tmp_path / "mine.py")  # `kerasrecipes search --recipe mine.py`
    assert command_of_script(mine) == f"python {mine}"
    called("mine", folder=tmp_path)
    assert command_of("resnet_crop", config) == "python recipes/resnet_crop.py --epochs 3"


@pytest.mark.parametrize(
    "command, predict",
    [(None, f"python {RECIPES / 'predict.py'}"), ("kerasrecipes finetune", "kerasrecipes predict")],
)
def test_the_next_step_is_of_the_form_that_was_used(called, tmp_path, command, predict):
    (tmp_path / "model.keras").touch()
    called("finetune", command)
    assert next_steps(tmp_path)[-1] == f"Label images with it: {predict} {tmp_path} IMAGE"


def test_texts_stay_as_they_are_for_a_script(called):
    text = "python recipes/sgdr.py; recipes/README.md"
    called("sgdr")
    assert as_called(text) == text and as_called(None) is None
    called("sgdr", "kerasrecipes run sgdr")
    assert as_called(text) == f"kerasrecipes run sgdr; {RECIPES / 'README.md'}"


@pytest.mark.parametrize(
    "command", ["python /x/sgdr.py --seed 1 --epochs 2", "kerasrecipes run sgdr --epochs 2"]
)
def test_a_stored_result_has_the_command_of_a_clone(command):
    assert _portable({"recipe": "sgdr", "command": command}) == "python recipes/sgdr.py --epochs 2"
