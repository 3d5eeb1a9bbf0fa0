"""Names that would move a terminal's cursor are quoted in all that a run prints and reports."""

import json

import pytest

from tests.recipes.helpers import load_recipe, run_command, write_folder, write_npz

CLASSES = ("circle", "squ\x1b[31mare\n")
FLAGS = ("--epochs", 1, "--batch-size", 8, "--size", 16, "--depth", 8, "--crops", "none")


@pytest.fixture
def run(tmp_path, capfd):
    """A run on class folders and into a folder of such names; returns what it printed, too."""
    folder = write_folder(tmp_path / "shapes\x1b[2J", classes=CLASSES, per_class=8)
    (folder / CLASSES[1] / "bad\x1b[1A\n.jpg").write_bytes(b"no image")
    copy = folder / CLASSES[1] / "copy\x1b[1A.jpg"
    copy.write_bytes((folder / "circle" / "001.jpg").read_bytes())
    output = tmp_path / "run\n\x1b[0m"
    with pytest.warns(UserWarning) as warned:
        flags = ["--data", folder, *FLAGS, "--output", output]
        assert run_command(load_recipe("resnet_crop"), *flags) == 0
    printed = capfd.readouterr()
    return output, [printed.out, printed.err, *(str(one.message) for one in warned)], folder


def assert_visible(text):
    assert all(character.isprintable() or character == "\n" for character in text), repr(text)


@pytest.mark.slow
def test_nothing_of_a_run_moves_the_cursor(run, capfd, tmp_path):
    output, texts, folder = run
    for text in [*texts, (output / "report.html").read_text()]:
        assert_visible(text)
    shown = "".join(texts)
    assert r"bad\x1b[1A\n.jpg" in shown and r"copy\x1b[1A.jpg" in shown
    assert r"run\n\x1b[0m/report.html" in shown
    assert r"squ\x1b[31mare\n" in (output / "report.html").read_text()
    assert CLASSES[1] in json.loads((output / "metrics.json").read_text())["class_names"]
    predict = load_recipe("predict")
    image = sorted((folder / CLASSES[1]).glob("0*.png"))[0]
    assert run_command(predict, output, image, "--draw", tmp_path / "\x1b[31m.png") == 0
    assert_visible(capfd.readouterr().out)
    assert run_command(predict, output, image.with_name("none\x1b[31m\n.jpg")) == 2
    errors = capfd.readouterr().err
    assert_visible(errors)
    assert errors.count("\n") == 1 and r"none\x1b[31m\n.jpg" in errors


@pytest.mark.slow
def test_names_inside_an_npz(tmp_path, capfd):
    path = write_npz(tmp_path / "\x1b[31m\nsquares.npz", class_names=["a\x1b[2J", "b\n", "c"])
    recipe = load_recipe("resnet_crop")
    assert run_command(recipe, "--data", path, *FLAGS, "--output", tmp_path / "run") == 0
    printed = capfd.readouterr()
    report = (tmp_path / "run" / "report.html").read_text()
    for text in (printed.out, printed.err, report):
        assert_visible(text)
    assert r"\x1b[31m\nsquares" in printed.out and r"b\n" in report
