"""The recipe of optimizers, its surfaces and its paths."""

import io
import json

import keras
import numpy as np
import pytest
from PIL import Image

from kerasrecipes.experiment import optimizer_contest
from kerasrecipes.experiment import optimizer_panels as show
from kerasrecipes.experiment import optimizer_paths as paths
from kerasrecipes.experiment.surfaces import surfaces
from tests.recipes.helpers import assert_one_line, load_recipe, run_command, write_npz


@pytest.mark.parametrize("surface", surfaces(), ids=lambda surface: surface.name)
def test_gradient_and_hessian_are_those_of_the_value(surface):
    point, step = np.array([0.7, -0.4]), 1e-5
    moves = step * np.eye(2)
    slope = [(surface.value(point + m) - surface.value(point - m)) / (2 * step) for m in moves]
    np.testing.assert_allclose(surface.gradient(point), slope, atol=1e-8)
    bend = [(surface.gradient(point + m) - surface.gradient(point - m)) / (2 * step) for m in moves]
    np.testing.assert_allclose(surface.hessian(point), bend, atol=1e-8)
    for minimum in surface.minima:
        np.testing.assert_allclose(surface.gradient(np.array(minimum)), 0, atol=1e-9)


def test_newton_is_exact_in_the_valley_and_stays_on_the_saddle():
    valley, saddle, _ = surfaces()
    for surface, end in ((valley, (0, 0)), (saddle, (0, 0))):
        path = paths.newton_path(
            lambda p, step, s=surface: s.gradient(p), surface.hessian, surface.start, 5
        )
        np.testing.assert_allclose(path[-1], end, atol=1e-9)


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B"])
def test_quasi_newton_methods_leave_the_saddle(method):
    saddle = surfaces()[1]
    path = paths.scipy_path(
        method, saddle.value, lambda p, step: saddle.gradient(p), saddle.start, 40
    )
    assert path.shape == (41, 2)
    np.testing.assert_allclose(path[-1], (0, 1), atol=1e-3)


def test_a_path_that_diverges_is_bounded():
    path = paths.keras_path(keras.optimizers.SGD(3.0), lambda p, step: 10 * p, (1.0, 1.0), 30)
    assert np.isfinite(path).all() and abs(path).max() == paths.LARGEST


def test_schedules_begin_at_the_same_rate_and_fall():
    rates = show.decays(100)
    assert set(rates) == {"step", "exponential", "1/t", "cosine", "SGDR"}
    for name, values in rates.items():
        assert len(values) == 100 and values[0] == pytest.approx(0.1), name
        assert (np.diff(values) <= 1e-9).all() == (name != "SGDR"), name


def test_the_interval_is_students():
    result = optimizer_contest.ContestResult("a", 0.1, False, [0.80, 0.84, 0.82], [1.0], 5.0)
    low, high = result.interval()  # t = 4.3027 for 2 degrees of freedom
    half = 4.302653 * 0.02 / np.sqrt(3)
    np.testing.assert_allclose([low, high], [0.82 - half, 0.82 + half], rtol=1e-6)


@pytest.mark.slow
def test_optimizers_are_ranked_and_drawn(tmp_path, monkeypatch):
    recipe = load_recipe("optimizers")
    assert recipe.IMAGE_RATES.keys() == show.SURFACE_RATES.keys()
    monkeypatch.setattr(recipe, "IMAGE_RATES", {"SGD": 0.3, "Adam": 3e-3})
    monkeypatch.setattr(optimizer_contest, "FACTORS", (0.1, 1.0))
    npz, folder = write_npz(tmp_path / "squares.npz"), tmp_path / "run"
    flags = ["--data", npz, "--output", folder, "--epochs", 2, "--seeds", 2, "--steps", 3]
    assert run_command(recipe, *flags, "--images", 40, "--units", 4) == 0
    metrics = json.loads((folder / "metrics.json").read_text())
    tests = metrics["test"]["protocols"]
    assert set(tests) == {"SGD", "Adam", "L-BFGS"}
    assert all(0 <= test["accuracy"] <= 1 and test["images"] == 24 for test in tests.values())
    accuracies = [test["accuracy"] for test in tests.values()]
    assert accuracies == sorted(accuracies, reverse=True)
    gif = Image.open(io.BytesIO((folder / "paths.gif").read_bytes()))
    assert gif.n_frames == 4
    frames = []
    for number in range(4):
        gif.seek(number)
        frames.append(np.array(gif.convert("RGB")))
    assert all((one != frames[0]).any() for one in frames[1:])
    for name in ("paths", "noise", "schedules"):
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_bad_input(tmp_path, capsys):
    assert run_command(load_recipe("optimizers"), "--seeds", 0) == 2
    assert_one_line(capsys, "seeds=0")
