"""`--help` and refused flags are answered before anything slow is imported."""

import pathlib
import subprocess
import sys

import pytest

import kerasrecipes_flags
from kerasrecipes import flags as room
from kerasrecipes import serving
from kerasrecipes_flags import EXPORTS

ROOT = pathlib.Path(__file__).parent.parent.parent
RECIPES = sorted(path.name for path in ROOT.glob("recipes/*.py"))
REPORT = """
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    print("SLOW", *sorted({"tensorflow", "keras", "jax", "torch", "numpy"} & set(sys.modules)))
"""


def run(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT
    )


@pytest.mark.parametrize("recipe", RECIPES)
def test_help_imports_nothing_slow(recipe):
    result = run(REPORT, f"recipes/{recipe}", "--help")
    assert result.returncode == 0, result.stderr
    *text, last = result.stdout.splitlines()
    assert last == "SLOW"
    if recipe == "own_model.py":  # a template without flags
        return
    own = text.index("flags of this script:")
    if "flags of every training recipe:" in text:
        assert own < text.index("flags of every training recipe:")


@pytest.mark.parametrize("flags", [["--epochs", "0"], ["--nothing"], ["--crops", "square"]])
def test_refused_flags_import_nothing_slow(flags):
    result = run(REPORT, "recipes/resnet_crop.py", *flags)
    assert result.returncode == 2
    assert result.stdout == "SLOW\n"
    assert result.stderr.count("\n") == 1
    assert result.stderr.endswith("(--help lists the flags)\n")


def test_paths_that_cannot_be_import_nothing_slow(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "metrics.json").write_text("{}")
    for flags, words in (
        (["--data", "no/such"], "error: No such file or folder: no/such"),
        (["--data", "fotos"], "error: Unknown source and no such folder: 'fotos'."),
        (["--output", str(tmp_path / "file" / "run")], "`output` must be a folder that can be"),
        (["--output", str(tmp_path)], "`output` must be a new folder, or give --resume"),
    ):
        result = run(REPORT, "recipes/resnet_crop.py", *flags)
        assert (result.returncode, result.stdout) == (2, "SLOW\n"), flags
        assert words in result.stderr and result.stderr.count("\n") == 1, result.stderr


@pytest.mark.slow
def test_rooms_are_registered_after_the_flags():
    code = """
import kerasrecipes_flags
import sys
assert "keras" not in sys.modules
from kerasrecipes import models
import keras
names = ("DropPath", "MulticlassHinge", "OneCycle", "LayerwiseLearningRates")
print([bool(keras.saving.get_registered_object(f"kerasrecipes>{name}")) for name in names])
"""
    result = run(code)
    assert result.stdout == "[True, True, True, True]\n", result.stderr


def test_the_choices_are_those_of_the_room_that_acts_on_them():
    assert EXPORTS == serving.EXPORTS


def test_the_quick_module_has_every_name_of_the_room():
    assert set(kerasrecipes_flags.__all__) == set(room.__all__)
    assert all(getattr(kerasrecipes_flags, name) is getattr(room, name) for name in room.__all__)
