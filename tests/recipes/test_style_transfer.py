"""style_transfer.py through its command line, and its loss against NumPy."""

import os
import signal

import keras
import numpy as np
import pytest
from PIL import Image

from kerasrecipes import models
from tests.recipes.helpers import assert_one_line, load_recipe, run_command

STYLE = load_recipe("style_transfer")


@pytest.fixture
def files(tmp_path):
    """Flags: a content photo, a style of another shape, and random weights, the same each time."""
    keras.utils.set_random_seed(0)
    draws = np.random.default_rng(0)
    Image.fromarray(draws.integers(0, 255, (40, 56, 3), "uint8")).save(tmp_path / "content.png")
    Image.fromarray(draws.integers(0, 255, (50, 34, 3), "uint8")).save(tmp_path / "style.jpg")
    weights = tmp_path / "random.weights.h5"
    models.backbone("efficientnet_lite0", None, (None, None, 3)).save_weights(weights)
    return [
        "--content", tmp_path / "content.png", "--style", tmp_path / "style.jpg",
        "--weights", weights, "--size", 48, "--output", tmp_path / "run",
    ]  # fmt: skip


@pytest.mark.slow
def test_both_optimizers_lower_the_loss_and_leave_their_pictures(files, tmp_path, capsys):
    assert run_command(STYLE, *files, "--evaluations", 4) == 0
    printed = capsys.readouterr().out
    assert "lbfgs: loss " in printed and printed.count("after 4 evaluations") == 2
    names = {path.name for path in (tmp_path / "run").iterdir() if path.suffix}
    assert names == {"lbfgs.png", "adam.png", "comparison.png", "losses.png"}
    with Image.open(tmp_path / "run" / "lbfgs.png") as picture:
        assert picture.size == (48, 34)
        assert np.asarray(picture).std() > 10
    config = STYLE.Config(content="a", style="b", weights=str(files[5]))
    sources = [STYLE.read(files[number], 48) for number in (1, 3)]
    loss = STYLE.experiment.RecordedLoss(STYLE.style_loss(config, *sources), 2)
    start = loss(sources[0].ravel())[0]
    shown = [float(line.split()[2]) for line in printed.splitlines() if ": loss" in line]
    # A first step of Adam's may be too large for random weights.
    assert shown[0] < start and shown[1] <= start * (1 + 1e-3)
    pixels = np.random.default_rng(1).uniform(0, 255, sources[0].shape).astype("float32")
    expected = loss_by_numpy(config, *sources, pixels)
    assert loss(pixels.ravel())[0] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    "name, evaluations, done", [("lbfgs", 0, []), ("adam", 2, ["lbfgs", "adam"])]
)
@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done(name, evaluations, done, files, tmp_path, monkeypatch, capfd):
    optimize = getattr(STYLE, name)

    def optimize_until_ctrl_c(loss, *arguments):
        def loss_or_ctrl_c(vector):
            if len(loss.losses) == evaluations:
                os.kill(os.getpid(), signal.SIGINT)
            return loss(vector)

        optimize(loss_or_ctrl_c, *arguments)

    monkeypatch.setattr(STYLE, name, optimize_until_ctrl_c)
    assert run_command(STYLE, *files, "--evaluations", 4) == 130
    printed = capfd.readouterr()
    lines = [line for line in printed.err.splitlines() if line.strip() and "a second" not in line]
    assert lines == ["Stopped at once by Ctrl-C."]
    assert [line.split(":")[0] for line in printed.out.splitlines() if ": loss" in line] == done
    pictures = {f"{name}.png" for name in (*done, "comparison", "losses")} if done else set()
    folder = tmp_path / "run"
    assert folder.exists() == bool(done)
    assert not done or {path.name for path in folder.iterdir() if path.suffix} == pictures


def loss_by_numpy(config, content, style, pixels):
    """The loss of the recipe, in float64."""
    network = models.backbone(config.backbone, config.weights, (None, None, 3))
    styles, deep = STYLE.LAYERS[config.backbone]
    names = {*styles, deep}
    outputs = {name: network.get_layer(name).output for name in names}
    network = STYLE.keras.Model(network.inputs[0], outputs)
    found = {}
    for image in (content, style, pixels):
        for name, maps in network(image[None]).items():
            found[name, id(image)] = STYLE.ops.convert_to_numpy(maps)[0].astype("float64")

    def maps(name, image):
        return found[name, id(image)]

    aim = maps(deep, content)
    total = ((maps(deep, pixels) - aim) ** 2).sum() / ((aim - aim.mean((0, 1))) ** 2).sum()
    for name in styles:
        pair = [maps(name, image) for image in (pixels, style)]
        now, then = (one.reshape(-1, one.shape[-1]).T for one in pair)
        for statistic in (lambda x: x.mean(axis=1), lambda x: np.cov(x, bias=True)):
            difference = statistic(now) - statistic(then)
            fraction = (difference**2).sum() / (statistic(then) ** 2).sum()
            total += config.style_weight / len(styles) * fraction
    down = (pixels[1:, :-1] - pixels[:-1, :-1]) / 127.5
    right = (pixels[:-1, 1:] - pixels[:-1, :-1]) / 127.5
    return total + config.smoothness * np.sqrt(down**2 + right**2 + 1e-4).mean()


def test_the_margin_is_the_mirror_image_and_is_cut_off(files):
    pixels = STYLE.read(files[1], 48)
    inside = pixels[STYLE.INSIDE, STYLE.INSIDE]
    assert inside.shape == (34, 48, 3) and pixels.shape == (66, 80, 3)
    np.testing.assert_array_equal(pixels[:16, 16:-16], inside[15::-1])


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--style", "b.png"], "content=None"),
        (["--content", "a.png"], "style=None"),
        (["--content", "a.png", "--style", "b.png"], "a.png: cannot be read"),
        (["--content", "a.png", "--style", "b.png", "--evaluations", "0"], "evaluations=0"),
        (["--content", "a.png", "--style", "b.png", "--backbone", "lenet"], "lenet"),
    ],
)
def test_bad_input_is_one_line(flags, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run_command(STYLE, *flags) == 2
    assert_one_line(capsys, words)
    assert not list(tmp_path.iterdir())


def test_weights_of_another_network(files, tmp_path, capsys):
    assert run_command(STYLE, *files, "--backbone", "vgg16") == 2
    assert_one_line(capsys, "weights file of this network")
    assert not (tmp_path / "run").exists()


def test_the_layers_are_layers_of_their_networks():
    for name, (styles, deep) in STYLE.LAYERS.items():
        layers = {layer.name for layer in models.backbone(name, None).layers}
        assert {*styles, deep} <= layers
