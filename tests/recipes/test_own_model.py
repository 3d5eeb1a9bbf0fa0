"""The template as it stands: a folder becomes a file that labels photos; a second start goes on."""

import os
import signal
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


@pytest.mark.slow
def test_the_template_trains_and_saves_and_a_second_start_finds_it_finished(tmp_path):
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
    again = run(tmp_path, shapes)
    assert again.returncode == 0, again.stderr
    assert "epoch  1/20" not in again.stdout, "it was finished, so nothing is trained again"
    (after,) = serving.load_classifier(tmp_path / "mine.keras").predict([photo])
    np.testing.assert_allclose(after, before, atol=1e-6)


@pytest.mark.slow
def test_bad_folder_is_one_line(tmp_path):
    done = run(tmp_path, tmp_path / "no\x1b[31m")
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("own_model.py: error: "), done.stderr
    assert r"no\x1b[31m" in lines[0] and "\x1b" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    "moment",
    [
        "from kerasrecipes import",
        "model = ",
        "serving.save(",
    ],
)
@pytest.mark.slow
def test_ctrl_c_ends_without_a_traceback(tmp_path, moment):
    """While modules are imported, and before and after `fit`, by a real signal."""
    waiting = "import time; print('now', flush=True); time.sleep(60); "
    code = TEMPLATE.read_text(encoding="utf-8").replace(f"\n{moment}", f"\n{waiting}{moment}", 1)
    code = code.replace("EPOCHS = 64, 32, 20", "EPOCHS = 64, 32, 1")
    (tmp_path / "own.py").write_text(code, encoding="utf-8")
    shapes = write_folder(tmp_path / "shapes", per_class=20)
    process = subprocess.Popen(
        [sys.executable, "own.py", str(shapes)], cwd=tmp_path, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    for line in process.stdout:
        if line.endswith("now\n"):
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130 and "Traceback" not in errors, errors
