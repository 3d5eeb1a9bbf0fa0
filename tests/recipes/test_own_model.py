"""The template as it stands: a folder becomes a file that labels photos; a second start goes on."""

import os
import subprocess
import sys

import numpy as np
import pytest

from kerasrecipes import serving
from tests.recipes.helpers import ROOT, write_folder

TEMPLATE = ROOT / "recipes" / "own_model.py"


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, str(TEMPLATE), *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_the_template_trains_and_saves(tmp_path):
    shapes = write_folder(tmp_path / "shapes", per_class=20)
    first = run(tmp_path, shapes)
    assert first.returncode == 0, first.stderr
    assert "epoch 20/20 · accuracy" in first.stdout
    assert "will be ignored" not in first.stderr
    classifier = serving.load_classifier(tmp_path / "mine.keras")
    assert classifier.class_names == ("circle", "square")
    photo = serving.read_image(shapes / "circle" / "000.jpg", classifier.channels)
    (before,) = classifier.predict([photo])
    assert before.shape == (2,)


@pytest.mark.slow
def test_a_second_start_finds_it_finished(tmp_path):
    shapes = write_folder(tmp_path / "shapes", per_class=20)
    assert run(tmp_path, shapes).returncode == 0
    photo = serving.read_image(shapes / "circle" / "000.jpg", 3)
    (before,) = serving.load_classifier(tmp_path / "mine.keras").predict([photo])
    again = run(tmp_path, shapes)
    assert again.returncode == 0, again.stderr
    assert "epoch  1/20" not in again.stdout, "it was finished, so nothing is trained again"
    (after,) = serving.load_classifier(tmp_path / "mine.keras").predict([photo])
    np.testing.assert_allclose(after, before, atol=1e-6)


def test_the_readme_shows_it_whole():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"```python\n{TEMPLATE.read_text(encoding='utf-8')}```" in page
