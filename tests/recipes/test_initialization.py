"""The recipe of initialisations: its networks and figures, and its numbers against NumPy."""

import json

import keras
import numpy as np
import pytest

from kerasrecipes import layers
from kerasrecipes.evaluation import DepthCurve, depth_figure
from kerasrecipes.experiment.depth_signal import DepthSignal, depth_signal
from tests.recipes.helpers import assert_one_line, load_recipe, run_command, write_npz

RECIPE = load_recipe("initialization")
X = np.random.default_rng(0).normal(size=(40, 6)).astype("float32")
Y = np.arange(40) % 3


@pytest.mark.parametrize("weights", ["large", "Xavier"])
def test_signal_and_gradient_are_those_of_numpy(weights):
    config = RECIPE.Config(depth=3, width=5)
    model = RECIPE.network(config, 6, 3, "tanh", False)
    RECIPE.initialize(config, model, weights, X)
    found = depth_signal(model, X, Y, ["layer_1", "layer_2", "layer_3"])
    kernels = [w for w in model.get_weights() if w.ndim == 2]
    outputs = [X.astype("float64")]
    for kernel in kernels[:-1]:
        outputs.append(np.tanh(outputs[-1] @ kernel))
    scores = outputs[-1] @ kernels[-1]
    softmax = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    gradients = [(softmax - np.eye(3)[Y]) / len(Y) @ kernels[-1].T]
    for kernel, output in zip(kernels[-2:0:-1], outputs[:0:-1]):
        gradients.insert(0, gradients[0] * (1 - output**2) @ kernel.T)
    std = np.array([output.std() for output in outputs])
    size = np.sqrt([np.mean(gradient**2) for gradient in gradients])
    np.testing.assert_allclose(found.signal, std / std[0], rtol=1e-4)
    np.testing.assert_allclose(found.gradient, size / size[-1], rtol=1e-3)
    saturated = [np.mean(np.abs(output) >= 0.97) for output in outputs[1:]]
    np.testing.assert_allclose(found.saturated, saturated, atol=0.01)


@pytest.mark.parametrize(
    "weights, std",
    [("zero", 0), ("small", 0.01), ("large", 1), ("Xavier", 1 / 20), ("Glorot", (2 / 500) ** 0.5),
     ("He", 2**0.5 / 20)],
)  # fmt: skip
@pytest.mark.parametrize("activation", ["ReLU", "maxout"])
def test_weights_have_the_std_of_their_formula(weights, std, activation):
    """400 inputs and 100 units; of maxout, 100 linear maps of 50 units."""
    units = 50 if activation == "maxout" else 100
    config = RECIPE.Config(depth=2, width=units)
    model = RECIPE.network(config, 400, 3, activation, False)
    RECIPE.initialize(config, model, weights, X)
    kernel = keras.ops.convert_to_numpy(model.layers[0].kernel)
    assert kernel.size == 40_000
    np.testing.assert_allclose(kernel.std(), std, rtol=0.02)


def test_orthogonal_weights_are_orthogonal():
    config = RECIPE.Config(depth=2, width=6)
    model = RECIPE.network(config, 6, 3, "tanh", True)
    RECIPE.initialize(config, model, "orthogonal", X)
    kernel = keras.ops.convert_to_numpy(model.layers[0].kernel)
    np.testing.assert_allclose(kernel.T @ kernel, np.eye(6), atol=1e-5)


def test_every_second_layer_can_be_narrow():
    model = RECIPE.network(RECIPE.Config(depth=3, width=8, narrow=0.3), 6, 3, "maxout", False)
    units = [layer.units for layer in model.layers if isinstance(layer, layers.Maxout)]
    assert units == [8, 3, 8]


@pytest.mark.parametrize(
    "signal, gradient, saturated, verdict",
    [
        ([1, 0.5], [2, 1], [0.1], "fine"),
        ([1, 0.0], [0, 1], [0.0], "no signal"),
        ([1, 1.0], [1, 1], [0.9], "saturated"),
        ([1, 0.01], [1, 1], [0.0], "signal vanishes"),
        ([1, 20.0], [1, 1], [0.0], "signal explodes"),
        ([1, np.inf], [1, 1], [0.0], "signal explodes"),
        ([1, np.nan], [1, 1], [0.0], "signal explodes"),
        ([1, 1.0], [0.09, 1], [0.0], "gradient vanishes"),
        ([1, 1.0], [11, 1], [0.0], "gradient explodes"),
    ],
)
def test_verdicts(signal, gradient, saturated, verdict):
    assert DepthSignal(signal, gradient, saturated).verdict == verdict


def test_what_is_out_of_range_is_drawn_at_the_edge():
    values, marked = [1.0, 0.0, np.inf, np.nan], [False, True, False, False]
    panels = {"row": {"one": {"curve": DepthCurve(values, marked)}}}
    figure = depth_figure(panels, "title", "std", first_layer=0, mark="saturated")
    line, crosses = figure.axes[0].get_lines()
    np.testing.assert_allclose(line.get_ydata(), [1, 1e-7, 1e7, 1e7])
    np.testing.assert_array_equal(line.get_xdata(), [0, 1, 2, 3])
    np.testing.assert_array_equal(crosses.get_xdata(), [1])
    assert figure.axes[0].get_title() == "one"
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["curve", "healthy: within a factor of 10", "saturated"]


@pytest.mark.slow
def test_a_run_leaves_pictures_and_numbers(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(RECIPE, "ACTIVATIONS", {"tanh": "tanh", "maxout": "linear"})
    monkeypatch.setattr(RECIPE, "WEIGHTS", ("zero", "small", "large", "LSUV"))
    npz, folder = write_npz(tmp_path / "squares.npz"), tmp_path / "run"
    flags = ["--data", npz, "--output", folder, "--depth", 6, "--width", 16, "--images", 40]
    assert run_command(RECIPE, *flags) == 0
    networks = json.loads((folder / "metrics.json").read_text())["networks"]
    assert len(networks) == 2 * 2 * 4
    assert {network["verdict"] for name, network in networks.items() if "zero" in name} == {
        "no signal"
    }
    assert networks["tanh, small, without batch norm"]["verdict"] == "signal vanishes"
    assert networks["tanh, large, without batch norm"]["verdict"] == "saturated"
    for name in ("tanh, LSUV, without batch norm", "tanh, small, with batch norm"):
        network = networks[name]
        assert network["verdict"] == "fine"
        assert len(network["signal"]) == 7 and len(network["gradient"]) == 6
    for name in ("activations", "gradients"):
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert "signal vanishes" in (folder / "report.html").read_text()
    assert "Of 8 networks of 6 layers" in capsys.readouterr().out


def test_bad_input(tmp_path, capsys):
    assert run_command(RECIPE, "--depth", 1) == 2
    assert_one_line(capsys, "depth=1")


@pytest.mark.parametrize("name", ["initialization", "optimizers", "baselines"])
def test_flags_of_a_training_are_refused(name, capsys):
    """A flag without effect is not there."""
    recipe = load_recipe(name)
    for flag in ("--preflight", "--tensorboard", "--keep-going"):
        assert run_command(recipe, flag) == 2
        assert_one_line(capsys, flag)
    for flag, value in (("--export", "onnx"), ("--clip-norm", 1), ("--accumulation-steps", 2)):
        assert run_command(recipe, flag, value) == 2
        assert_one_line(capsys, flag)
