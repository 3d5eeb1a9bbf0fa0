"""stochastic_depth, fractional_pooling and drop_connect through their `main`, on small images."""

import json

import keras
import numpy as np
import pytest

from tests.recipes.helpers import load_recipe, run_command, write_npz

SMALL = {
    "drop_connect": (["--units", 8], ["dense", "drop_connect"]),
    "fractional_pooling": (["--width", 4, "--passes", 3], ["1 pass", "3 passes"]),
    "stochastic_depth": (["--depth", 8], ["every_block", "stochastic_depth"]),
}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.slow
def test_it_trains_tests_and_compares(name, tmp_path, capsys):
    flags, protocols = SMALL[name]
    recipe, folder = load_recipe(name), tmp_path / "run"
    npz = write_npz(tmp_path / "squares.npz", count=24)
    arguments = ["--data", npz, "--epochs", 1, "--batch-size", 8, "--output", folder, *flags]
    assert run_command(recipe, *arguments) == 0
    metrics = json.loads((folder / "metrics.json").read_text())
    assert list(metrics["test"]["protocols"]) == protocols
    assert metrics["comparison"] in capsys.readouterr().out
    named = " ".join(protocols[1].split("_"))
    assert f"\n{named}: loss {metrics['test']['protocols'][protocols[1]]['loss']:.4f}, " in (
        "\n" + metrics["comparison"]
    )
    assert all(np.isfinite(test["loss"]) for test in metrics["test"]["protocols"].values())
    if name == "stochastic_depth":
        assert 0 < metrics["step_time_ratio"] < 10
    with np.load(npz) as arrays:
        pixels, labels = arrays["x_test"], arrays["y_test"]
    probabilities = keras.models.load_model(folder / "model.keras").predict(pixels, verbose=0)
    assert probabilities.shape == (len(labels), 3)
    if name != "fractional_pooling":  # whose best test redraws the regions
        assert np.mean(probabilities.argmax(axis=1) == labels) == metrics["test"]["accuracy"]


@pytest.mark.slow
def test_a_comparison_on_one_image_is_reported_without_an_interval(tmp_path):
    npz, folder = write_npz(tmp_path / "squares.npz", count=24), tmp_path / "run"
    with np.load(npz) as arrays:
        one = {name: part[:1] if "test" in name else part for name, part in arrays.items()}
    np.savez(npz, **one)
    flags = ["--depth", 8, "--epochs", 1, "--batch-size", 8, "--train-images", 12]
    arguments = ["--data", npz, "--output", folder, *flags]
    assert run_command(load_recipe("stochastic_depth"), *arguments) == 0
    metrics = json.loads((folder / "metrics.json").read_text())
    assert ": loss " not in metrics["comparison"] and (folder / "report.html").exists()
    assert metrics["steps"] == 2 and sum(metrics["class_sizes"]) == 12  # not all 24


def test_stochastic_depth_trains_on_few_images_of_the_sample_alone():
    config = load_recipe("stochastic_depth").Config
    assert config().data_options()["train_images"] == 1000
    assert config(train_images=6000).data_options()["train_images"] == 6000
    assert config(data="cifar10.npz").data_options()["train_images"] is None


def test_networks_of_drop_connect_start_alike_but_for_the_scale():
    recipe = load_recipe("drop_connect")
    images = type("Images", (), {"channels": 1, "num_classes": 3})
    dense, dropped = (
        recipe.network(recipe.Config(units=8), images, 12, rate) for rate in (0.0, 0.5)
    )
    kernels = [
        [w.numpy() for w in n.trainable_variables if w.name == "kernel"] for n in (dense, dropped)
    ]
    assert len(kernels[0]) == 3
    for one, other, scale in zip(*kernels, (2**0.5, 2**0.5, 1)):
        np.testing.assert_allclose(other, scale * one, rtol=1e-6)


@pytest.mark.slow
def test_grahams_network_is_trained_with_dropout_and_tested_without(tmp_path, monkeypatch):
    recipe, made = load_recipe("fractional_pooling"), []
    network = recipe.network

    def noted(config, *rest):
        made.append(config.dropout)
        return network(config, *rest)

    monkeypatch.setattr(recipe, "network", noted)
    npz = write_npz(tmp_path / "squares.npz", count=12)
    flags = ["--poolings", 6, "--width", 2, "--dropout", 0.5, "--passes", 2, "--epochs", 1]
    arguments = ["--data", npz, "--batch-size", 6, "--output", tmp_path / "run", *flags]
    assert run_command(recipe, *arguments) == 0
    assert made == [0.5, 0.0]
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert list(metrics["test"]["protocols"]) == ["1 pass", "2 passes"]


def test_the_exponential_rate_of_fractional_pooling():
    recipe = load_recipe("fractional_pooling")
    config = recipe.Config(learning_rate=0.5, schedule="exponential", epochs=150)
    rate = recipe.falling_rate(config, 1500)  # ten steps an epoch
    found = [float(rate(step)) for step in (0, 9, 10, 1000)]
    assert found == pytest.approx([0.5, 0.5, 0.5 * np.exp(-0.005), 0.5 * np.exp(-0.5)], rel=1e-5)


def test_networks_of_stochastic_depth_start_alike():
    recipe = load_recipe("stochastic_depth")
    images = type("Images", (), {"channels": 1, "num_classes": 3})
    networks = [
        recipe.network(recipe.Config(depth=8), images, 12, rate, f"rate_{rate}".replace(".", "_"))
        for rate in (0.0, 0.5)
    ]
    weights = [[w.numpy() for w in network.trainable_variables] for network in networks]
    assert len(weights[0]) == len(weights[1]) > 10
    for one, other in zip(*weights):
        np.testing.assert_array_equal(one, other)
    assert len({w.tobytes() for w in weights[0] if w.ndim == 4}) > 5  # and not all the same


@pytest.mark.parametrize(
    "name, flags",
    [
        ("drop_connect", {"rate": 1.0}),
        ("drop_connect", {"mask": "batch"}),
        ("fractional_pooling", {"pooling_ratio": 1.0}),
        ("fractional_pooling", {"passes": 0}),
        ("fractional_pooling", {"dropout": 0.5}),
        ("stochastic_depth", {"final_rate": 1.0}),
    ],
)
def test_bad_flags(name, flags):
    with pytest.raises(ValueError, match=next(iter(flags))):
        load_recipe(name).Config(**flags)
