"""predict.py through its command line, on models that need no training."""

import json
import pathlib
import shutil

import numpy as np
import pytest
from PIL import Image

from tests.data.drawn_images import draw, encoded, write
from tests.recipes.helpers import load_recipe, run_command, write_folder
from tests.serving.color_classifier import color_model, color_shares, saved_color_model

PREDICT = load_recipe("predict")


@pytest.fixture
def model(tmp_path):
    return saved_color_model(tmp_path / "model.keras")


def photos(folder):
    """Files of many kinds and sizes; returns their names and what the model must say of them."""
    files = {
        "a red one.png": (Image.new("RGB", (31, 17), (250, 10, 20)), "PNG", {}),
        "green.jpg": (Image.new("RGB", (64, 48), (0, 230, 30)), "JPEG", {"quality": 95}),
        "grey.png": (draw(2, (20, 21), "L"), "PNG", {}),
        "cmyk.jpg": (Image.new("CMYK", (16, 16), (255, 0, 0, 60)), "JPEG", {}),
        "many.webp": (draw(4, (33, 70)), "WEBP", {"lossless": True}),
    }
    write(
        folder, {name: encoded(image, kind, **more) for name, (image, kind, more) in files.items()}
    )
    names = [str(folder / name) for name in files]
    return names, [color_shares(np.asarray(image.convert("RGB"))) for image, _, _ in files.values()]


def test_json_has_one_object_a_line_with_three_keys(tmp_path, model, capsys):
    names, expected = photos(tmp_path)
    assert run_command(PREDICT, model, *names, names[0], "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["file"] for row in rows] == [*names, names[0]]
    for row, shares in zip(rows, [*expected, expected[0]]):
        assert list(row) == ["file", "class", "probability"]
        assert row["class"] == ("blue", "green", "red")[shares.argmax()]
        assert row["probability"] == pytest.approx(shares.max(), abs=0.02)
    assert {"red", "green", "blue"} == {row["class"] for row in rows}


def test_the_table_shows_the_likeliest_classes_first(tmp_path, model, capsys):
    names, expected = photos(tmp_path)
    assert run_command(PREDICT, model, *names, "--top", 2) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["image", "class", "probability"] and len(lines) == 1 + 2 * 5
    for number, (name, shares) in enumerate(zip(names, expected)):
        first, second = lines[1 + 2 * number : 3 + 2 * number]
        assert first.startswith(name) and not second.startswith(name)
        shown = [float(line.split()[-1]) for line in (first, second)]
        np.testing.assert_allclose(shown, sorted(shares)[:0:-1], atol=0.02)
    assert run_command(PREDICT, model, names[0], "--top", 100) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_the_picture_shows_every_image(tmp_path, model):
    names, _ = photos(tmp_path)
    assert run_command(PREDICT, model, *names, "--draw", tmp_path / "out.png", "--json") == 0
    with Image.open(tmp_path / "out.png") as picture:
        colors = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    for color in ((250, 10, 20), (0, 230, 30)):
        assert (np.abs(colors.astype(int) - color).max(axis=1) < 6).sum() > 500
    assert not list(tmp_path.glob(".part-*"))


@pytest.mark.slow
def test_more_images_than_a_picture_holds(tmp_path, model, capsys):
    write(tmp_path, {"a.png": encoded(draw(1), "PNG")})
    many = [tmp_path / "a.png"] * (PREDICT.DRAWN + 1)
    assert run_command(PREDICT, model, *many, "--top", 1, "--draw", tmp_path / "o.png") == 0
    assert f"wrote {tmp_path}/o.png, the first {PREDICT.DRAWN} of {PREDICT.DRAWN + 1}" in (
        capsys.readouterr().out
    )


@pytest.mark.soak
def test_a_run_of_a_recipe_and_its_model_alone(tmp_path, capsys):
    recipe = load_recipe("resnet_crop")
    folder = write_folder(tmp_path / "shapes" / "train", per_class=14)
    write_folder(tmp_path / "shapes" / "test", per_class=4)
    shutil.copy(folder / "circle" / "001.jpg", tmp_path / "shapes" / "test" / "circle" / "001.jpg")
    for name in ("circle", "square"):  # drawn from one seed, the others are copies as well
        for path in (folder / name).glob("00[023]*"):
            path.unlink()
    flags = ["--data", folder.parent, "--epochs", 1, "--batch-size", 8, "--size", 16]
    assert run_command(recipe, *flags, "--output", tmp_path / "run") == 0
    (tmp_path / "alone").mkdir()
    shutil.copy(tmp_path / "run" / "model.keras", tmp_path / "alone" / "net.keras")
    images = sorted((folder / "circle").iterdir())[:4]
    capsys.readouterr()
    answers = []
    for place in (tmp_path / "run", tmp_path / "alone" / "net.keras"):
        assert run_command(PREDICT, place, *images, "--json") == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1]
    for line in answers[0].splitlines():
        answer = json.loads(line)
        assert answer["class"] in ("circle", "square") and 0.5 <= answer["probability"] <= 1
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert sum(metrics["class_sizes"]) == metrics["sizes"][0]
    assert 0 <= metrics["test"]["calibration_error"] <= 1
    copies = [pathlib.Path(one["image"]).name for one in metrics["duplicates"]]
    assert "001.jpg" in copies
    page = (tmp_path / "run" / "report.html").read_text()
    assert f"are also in the train set: {len(copies)}; test figures are too good" in page
    assert "Most often confused with" in page and '<td class="number">11</td>' in page


def bad_inputs(tmp_path):
    """Name -> (arguments, words of the error)."""
    write(tmp_path, {"good.png": encoded(draw(1), "PNG"), "text.jpg": b"hello", "text.keras": b"x"})
    color_model().save(tmp_path / "bare.keras")
    model, good = tmp_path / "model.keras", tmp_path / "good.png"
    (tmp_path / "folder").mkdir()
    return {
        "missing image": ([model, good, tmp_path / "none.jpg"], "none.jpg"),
        "folder as image": ([model, good, tmp_path / "folder"], "folder"),
        "text as image": ([model, good, tmp_path / "text.jpg"], "text.jpg: not an image"),
        "missing model": ([tmp_path / "none", good], "none"),
        "folder without model": ([tmp_path / "folder", good], "model.keras"),
        "text as model": ([tmp_path / "text.keras", good], "not a .keras model"),
        "no names": ([tmp_path / "bare.keras", good], "no class names"),
        "no image": ([model], "IMAGE"),
        "top": ([model, good, "--top", 0], "top=0"),
        "draw as text": ([model, good, "--draw", tmp_path / "a.txt"], ".png"),
        "draw nowhere": ([model, good, "--draw", tmp_path / "no" / "a.png"], "folder"),
        "draw over an image": ([model, good, "--draw", good], "one of the inputs"),
        "flag": ([model, good, "--colour"], "--colour"),
    }


NAMES = (
    "missing image", "folder as image", "text as image", "missing model", "folder without model",
    "text as model", "no names", "no image", "top", "draw as text", "draw nowhere",
    "draw over an image", "flag",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_bad_input_is_one_line_and_nothing_is_written(tmp_path, model, name, capsys):
    arguments, words = bad_inputs(tmp_path)[name]
    if "--draw" not in arguments:
        arguments = [*arguments, "--draw", tmp_path / "out.png"]
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert run_command(PREDICT, *arguments, "--json") == 2
    out, error = capsys.readouterr()
    assert out == "" and error.count("\n") == 1 and words in error, error
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
