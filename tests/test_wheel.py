"""The wheel, in an empty environment and a foreign folder: its command trains and predicts."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv

import pytest

from tests.recipes.helpers import ROOT

LEFT_OUT = shutil.ignore_patterns(".*", "build", "dist", "runs", "tests", "docs", "*.egg-info")


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The folder of the programs of an environment with the wheel, and the packages of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "source", ignore=LEFT_OUT)  # the build leaves files behind
    pip = [sys.executable, "-m", "pip", "-q"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "-w", folder, folder / "source"]
    alone = {"cwd": folder, "env": without_python_path()}  # where pip finds no package of this name
    subprocess.run([*pip, *build], check=True, **alone)
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    (wheel,) = folder.glob("*.whl")
    install = ["--python", python, "install", "--no-deps", "--no-index", wheel]
    subprocess.run([*pip, *install], check=True, **alone)
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return python.parent


def without_python_path():
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run(environment, folder, *arguments):
    command = [environment / "kerasrecipes", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=without_python_path()
    )


@pytest.mark.slow
def test_the_command_trains_and_the_next_one_that_it_names_predicts(environment, tmp_path):
    trained = run(environment, tmp_path, "train", "--epochs", 1, "--output", "run")
    assert trained.returncode == 0, trained.stderr
    assert trained.stdout.endswith("Label images with it: kerasrecipes predict run IMAGE\n")
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["command"] == "kerasrecipes train --epochs 1"
    picture = ROOT / "docs" / "resnet_crop.png"
    labelled = run(environment, tmp_path, "predict", "run", picture, "--json")
    assert labelled.returncode == 0, labelled.stderr
    assert json.loads(labelled.stdout)["file"] == str(picture)


@pytest.mark.slow
def test_what_runs_is_the_wheel_with_all_recipes(environment, tmp_path):
    shown = run(environment, tmp_path, "--help")
    assert shown.returncode == 0, shown.stderr
    for recipe in ROOT.glob("recipes/*.py"):
        assert f"\n  {recipe.stem} " in shown.stdout
        copy = run(environment, tmp_path, "show", recipe.stem)
        assert copy.stdout == recipe.read_text()
    page = run(environment, tmp_path, "train", "--help").stdout.split("results: ")[1].split()[0]
    assert page.startswith(str(environment.parent)) and os.path.exists(page.rstrip("."))
