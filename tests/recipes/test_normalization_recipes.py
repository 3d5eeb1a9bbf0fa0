"""decorrelated_bn and group_norm_small_batch through their `main`, on small images."""

import json
import types

import keras
import numpy as np
import pytest

from tests.recipes.helpers import load_recipe, run_command, write_npz

SMALL = {
    "decorrelated_bn": (["--depth", 3, "--width", 4, "--batch-size", 8], "decorrelated"),
    "group_norm_small_batch": ([], "group"),
}


@pytest.mark.slow
def test_a_run_with_ghosts_is_named_so(tmp_path, capsys):
    recipe, folder = load_recipe("group_norm_small_batch"), tmp_path / "run"
    npz = write_npz(tmp_path / "squares.npz", count=24)
    flags = ["--ghost", 2, "--batch-size", 4, "--epochs", 1, "--output", folder]
    assert run_command(recipe, "--data", npz, *flags) == 0
    metrics = json.loads((folder / "metrics.json").read_text())
    assert list(metrics["test"]["protocols"]) == ["ghost_batch", "group"]
    said = capsys.readouterr().out
    assert "ghost batch" in said and "images per step" not in said


@pytest.mark.parametrize("ghost", [2, 16])
def test_ghosts_of_the_whole_batch_are_refused(ghost):
    with pytest.raises(ValueError, match=f"`ghost` must be below.*Received: ghost={ghost}, ba"):
        load_recipe("group_norm_small_batch").Config(ghost=ghost, batch_size=2)


@pytest.mark.parametrize("ghost", [3, 12])
def test_ghosts_that_devices_would_divide_are_refused(ghost):
    config = load_recipe("group_norm_small_batch").Config
    config(ghost=2, batch_size=16, devices=2)
    with pytest.raises(ValueError, match=f"`ghost` must divide.*Received: ghost={ghost}, .*s=2"):
        config(ghost=ghost, batch_size=16, devices=2)


def test_flags_without_effect_are_not_in_the_help_and_say_why(capsys):
    recipe = load_recipe("group_norm_small_batch")
    assert run_command(recipe, "--help") == 0
    assert run_command(recipe, "--scale-rate", "--batch-size", 4) == 2
    out, err = capsys.readouterr()
    assert "--batch-size" in out and "scale-rate" not in out and "rate-batch-size" not in out
    assert "is scaled to the batch anyway" in err


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.slow
def test_both_networks_are_trained_tested_and_compared(name, tmp_path, capsys):
    flags, kind = SMALL[name]
    recipe, folder = load_recipe(name), tmp_path / "run"
    npz = write_npz(tmp_path / "squares.npz", count=24)
    arguments = ["--data", npz, "--epochs", 2, "--output", folder, *flags]
    assert run_command(recipe, *arguments) == 0
    metrics = json.loads((folder / "metrics.json").read_text())
    assert list(metrics["test"]["protocols"]) == ["batch", kind]
    assert metrics["comparison"] in capsys.readouterr().out
    history = (folder / "history.csv").read_text().splitlines()
    assert len(history) == 3 and {"batch_accuracy", f"val_{kind}_loss"} <= set(
        history[0].split(",")
    )

    with np.load(npz) as arrays:
        pixels, labels = arrays["x_test"], arrays["y_test"]
    probabilities = keras.models.load_model(folder / "model.keras").predict(pixels, verbose=0)
    assert np.mean(probabilities.argmax(axis=1) == labels) == metrics["test"]["accuracy"]

    before = (folder / "metrics.json").stat().st_mtime_ns
    assert run_command(recipe, *arguments, "--resume") == 0
    assert (folder / "metrics.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("name", SMALL)
def test_the_networks_differ_in_their_normalisation_alone(name):
    recipe = load_recipe(name)
    make = getattr(recipe, "plain_network", None) or recipe.network
    images = type("Images", (), {"channels": 1, "num_classes": 3})
    networks = [make(recipe.Config(), images, 12, kind) for kind in recipe.KINDS]
    kernels = [
        [w for w in network.trainable_variables if w.name == "kernel"] for network in networks
    ]
    assert len(kernels[0]) == len(kernels[1]) > 2
    for one, other in zip(*kernels):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.mark.parametrize(
    "flags",
    [
        {"learning_rate": 0.0},
        {"momentum": 1.0},
        {"depth": 2},
        {"size": 0},
    ],
)
@pytest.mark.parametrize("name", SMALL)
def test_bad_flags(name, flags):
    with pytest.raises(ValueError, match=f"`{next(iter(flags))}` must be.*Received"):
        load_recipe(name).Config(**flags)


@pytest.mark.slow
def test_side_by_side_trains_each_network_as_it_would_alone(tmp_path):
    from kerasrecipes import data, experiment
    from kerasrecipes.experiment.replicas import Replicas

    def network(seed):
        start = keras.initializers.GlorotUniform(seed=seed)
        head = keras.layers.Dense(3, "softmax", kernel_initializer=start)
        return keras.Sequential([keras.Input((4,)), head])

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(32, 4)).astype("float32"), rng.integers(0, 3, 32)
    pair = {"one": network(1), "other": network(2)}
    config = experiment.ComparisonConfig(weight_decay=0.0)
    one_device = Replicas(config)
    run = types.SimpleNamespace(config=config, start_step=0, jit=False, replicas=one_device)
    compared = experiment.Comparison(run, data.load(write_npz(tmp_path / "squares.npz")))
    compared.side_by_side(pair, keras.optimizers.SGD(0.1, momentum=0.9)).fit(
        x, dict.fromkeys(pair, y), batch_size=8, shuffle=False, verbose=0
    )
    alone = network(2)
    alone.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy")
    alone.fit(x, y, batch_size=8, shuffle=False, verbose=0)
    for ours, theirs in zip(pair["other"].get_weights(), alone.get_weights()):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)
