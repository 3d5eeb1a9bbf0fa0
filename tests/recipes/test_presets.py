"""The papers' settings of the recipes that have them."""

import dataclasses
import html
import json
import math
import pathlib

import numpy as np
import pytest

from kerasrecipes import experiment
from kerasrecipes.flags.presets import preset_sentence
from tests.flags.config_from import config_from
from tests.recipes.helpers import load_recipe, run_command, write_npz

SMALL = {
    "sgdr": {"--depth": 10, "--width": 1},
    "snapshot_ensemble": {"--depth": 8},
    "stochastic_depth": {"--depth": 8},
    "decorrelated_bn": {"--depth": 10, "--width": 1},
    "group_norm_small_batch": {"--depth": 8},
    "fractional_pooling": {"--poolings": 9, "--width": 2},
    "resnet_crop": {"--depth": 8},
}
RECIPES = pathlib.Path(__file__).parent.parent.parent / "recipes"


def test_each_recipe_with_presets_is_tested_here():
    having = [path.stem for path in RECIPES.glob("*.py") if "    PRESETS:" in path.read_text()]
    assert sorted(having) == sorted(SMALL)


PAPERS = {
    "sgdr": {"depth": 28, "width": 10, "first_cycle": 10, "cycle_multiplier": 2.0, "epochs": 150,
             "learning_rate": 0.05, "weight_decay": 5e-4, "batch_size": 128, "momentum": 0.9,
             "nesterov": True},
    "snapshot_ensemble": {"depth": 110, "epochs": 200, "cycles": 5, "learning_rate": 0.2,
                          "batch_size": 64, "momentum": 0.9, "weight_decay": 1e-4,
                          "nesterov": False},
    "stochastic_depth": {"depth": 110, "final_rate": 0.5, "epochs": 500, "learning_rate": 0.1,
                         "schedule": "steps", "nesterov": True, "weight_decay": 1e-4,
                         "batch_size": 128, "momentum": 0.9},
    "decorrelated_bn": {"wide": True, "depth": 28, "width": 10, "dropout": 0.3, "epochs": 200,
                        "batch_size": 128, "learning_rate": 0.1, "schedule": "steps",
                        "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4, "affine": True},
    "group_norm_small_batch": {"ghost": 2, "batch_size": 16, "epochs": 100, "schedule": "steps",
                               "weight_decay": 1e-4, "momentum": 0.9, "nesterov": True},
    # The code's rate is of summed losses, and its velocity takes 1 - momentum of the gradient.
    "fractional_pooling": {"poolings": 12, "width": 40, "dropout": 0.5, "epochs": 810,
                           "batch_size": 50, "learning_rate": 0.003 * 50 / 100,
                           "schedule": "exponential", "momentum": 0.99, "nesterov": True,
                           "weight_decay": 0.0},
    "resnet_crop": {"depth": 56, "epochs": 164, "batch_size": 128, "learning_rate": 0.1,
                    "schedule": "steps", "momentum": 0.9, "nesterov": False, "weight_decay": 1e-4,
                    "label_smoothing": 0.0, "averaging": 0.0, "stochastic_depth": 0.0},
}  # fmt: skip


BOTH = (
    "decorrelated_bn",
    "group_norm_small_batch",
    "sgdr",
    "snapshot_ensemble",
    "stochastic_depth",
)  # CIFAR-10 and CIFAR-100 alike


@pytest.mark.parametrize("name", SMALL)
def test_they_are_the_papers(name):
    recipe = load_recipe(name)
    assert list(recipe.Config.PRESETS) == ["cifar10", *(["cifar100"] if name in BOTH else [])]
    for settings in recipe.Config.PRESETS.values():
        config = recipe.Config(**settings)
        assert {field: getattr(config, field) for field in PAPERS[name]} == PAPERS[name]
        assert config.crops == "pad"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("sgdr", marks=pytest.mark.soak),
        "snapshot_ensemble",
        pytest.param("stochastic_depth", marks=pytest.mark.soak),
        pytest.param("decorrelated_bn", marks=pytest.mark.soak),
        "group_norm_small_batch",
        pytest.param("fractional_pooling", marks=pytest.mark.soak),
        "resnet_crop",
    ],
)
@pytest.mark.slow
def test_a_dry_run_says_what_it_would_be(name, tmp_path, capsys):
    npz = write_npz(tmp_path / "cifar10.npz", count=256)
    small = [word for pair in SMALL[name].items() for word in pair]
    flags = ["--data", npz, "--preset", "paper", "--dry-run", *small]
    assert run_command(load_recipe(name), *flags) == 0
    out = capsys.readouterr().out
    settings = load_recipe(name).Config.PRESETS["cifar10"]
    steps = settings["epochs"] * math.ceil(256 / settings["batch_size"])
    assert f"{settings['epochs']:,} epochs, {steps:,} steps" in out
    assert "Settings of the paper" in out and "Not as in the paper" in out
    assert "parameters" in out and "multiply-adds" in out and "Time here" in out


@pytest.mark.slow
def test_a_fit_with_the_settings_of_stochastic_depth(tmp_path):
    npz = write_npz(tmp_path / "cifar10.npz", count=24)
    flags = ["--depth", 8, "--epochs", 1, "--batch-size", 8, "--output", tmp_path / "run"]
    recipe = load_recipe("stochastic_depth")
    assert run_command(recipe, "--data", npz, "--preset", "paper", *flags) == 0
    config = json.loads((tmp_path / "run" / "metrics.json").read_text())["config"]
    assert config["weight_decay"] == 1e-4 and config["nesterov"] and config["crops"] == "pad"
    assert (config["depth"], config["schedule"], config["preset"]) == (8, "steps", "paper")
    for name in ("report.html", "MODEL_CARD.md"):
        text = (tmp_path / "run" / name).read_text()
        assert "Settings of the paper: final_rate 0.5" in text and "Not as in the paper" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "decorrelated_bn",
        "group_norm_small_batch",
        pytest.param("fractional_pooling", marks=pytest.mark.soak),
        pytest.param("resnet_crop", marks=pytest.mark.soak),
        pytest.param("sgdr", marks=pytest.mark.soak),
    ],
)
def test_a_fit_with_each_preset_is_reported(name, tmp_path):
    npz = write_npz(tmp_path / "cifar10.npz", count=24)
    small = [word for pair in SMALL[name].items() for word in pair]
    flags = ["--epochs", 1, "--batch-size", 8, "--output", tmp_path / "run", *small]
    recipe = load_recipe(name)
    assert run_command(recipe, "--data", npz, "--preset", "paper", *flags) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["config"]["preset"] == "paper" and not metrics["diverged"]
    said = recipe.Config.NOT_AS_IN_THE_PAPER
    said = said["paper"] if isinstance(said, dict) else said
    assert said[:40] in html.unescape((tmp_path / "run" / "report.html").read_text())


def test_the_rate_of_stochastic_depth_falls_where_the_paper_says():
    recipe = load_recipe("stochastic_depth")
    config = recipe.Config(**recipe.Config.PRESETS["cifar10"])
    rate = experiment.falling_rate(config.schedule, config.learning_rate, config.epochs * 391)
    found = [float(rate(epoch * 391)) for epoch in (0, 249, 250, 374, 375, 499)]
    assert found == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])


def test_the_plain_networks_of_decorrelated_normalisation():
    config = config_from(
        load_recipe("decorrelated_bn").Config, "--data", "cifar10.npz", "--preset", "paper-plain"
    )
    expected = {"depth": 43, "width": 48, "growth": 1, "epochs": 160, "batch_size": 128,
                "learning_rate": 0.1, "schedule": "steps", "weight_decay": 5e-4, "momentum": 0.9,
                "nesterov": False, "affine": False, "wide": False, "crops": "pad"}  # fmt: skip
    assert {name: getattr(config, name) for name in expected} == expected
    said = preset_sentence(config)
    assert "depth 43" in said and "cifar.torch" in said and "1e-7" not in said


@pytest.mark.parametrize("affine", [True, False])
def test_the_wide_networks_differ_in_one_whitening(affine):
    recipe = load_recipe("decorrelated_bn")
    images = type("Images", (), {"channels": 1, "num_classes": 3})
    config = recipe.Config(wide=True, depth=10, width=2, dropout=0.3, affine=affine)
    batch, whitened = (recipe.wide_network(config, images, 12, kind) for kind in recipe.KINDS)
    kinds = [[type(one).__name__ for one in net.layers if one.name != "stem_norm"]
             for net in (batch, whitened)]  # fmt: skip
    assert kinds[0] == kinds[1] and "Dropout" in kinds[0]
    layer = whitened.get_layer("stem_norm")
    assert type(layer).__name__ == "DecorrelatedBatchNormalization"
    assert (layer.group_size, layer.center, layer.scale) == (16, affine, affine)
    assert layer.input is whitened.get_layer("stem_conv").output
    assert "stem_norm" not in {one.name for one in batch.layers}
    for one, other in zip(
        *([w for w in n.weights if w.name == "kernel"] for n in (batch, whitened))
    ):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.mark.parametrize(
    "flags, words",
    [({"dropout": 0.3}, "`dropout` needs `wide`"), ({"wide": True, "growth": 1}, "`growth`")],
)
def test_flags_of_the_other_network_are_refused(flags, words):
    with pytest.raises(ValueError, match=f"{words}.*Received"):
        load_recipe("decorrelated_bn").Config(**flags)


def test_the_rate_of_group_normalisation_is_that_of_two_images_on_each_of_eight_devices():
    recipe = load_recipe("group_norm_small_batch")
    config = recipe.Config(**recipe.Config.PRESETS["cifar10"])
    assert config.learning_rate * config.batch_size / 64 == pytest.approx(0.1 * 2 / 32)
    rate = experiment.falling_rate("steps", 1.0, 100, recipe.STEPS_AT)
    found = [float(rate(epoch)) for epoch in (29, 30, 59, 60, 89, 90)]
    assert found == pytest.approx([1, 0.1, 0.1, 0.01, 0.01, 0.001])


def test_the_rate_of_fractional_pooling_falls_after_each_epoch():
    recipe = load_recipe("fractional_pooling")
    config = recipe.Config(**recipe.Config.PRESETS["cifar10"])
    rate, epochs = recipe.falling_rate(config, 810 * 1000), (0, 1, 29, 409, 809)
    for epoch in epochs:
        expected = 0.0015 * math.exp(-0.005 * epoch)
        found = [float(rate(epoch * 1000)), float(rate(epoch * 1000 + 999))]
        assert found == pytest.approx([expected] * 2, rel=1e-5)
    cosine = recipe.falling_rate(dataclasses.replace(config, schedule="cosine"), 100)
    assert float(cosine(50)) == pytest.approx(0.0015 / 2, rel=1e-5)


@pytest.mark.parametrize("affine", [True, False])
def test_whitening_has_gamma_and_beta_or_not(affine):
    recipe = load_recipe("decorrelated_bn")
    images = type("Images", (), {"channels": 1, "num_classes": 3})
    for kind in recipe.KINDS:
        config = recipe.Config(depth=3, width=4, affine=affine)
        found = {one.name for one in recipe.plain_network(config, images, 12, kind).weights}
        assert found >= {"kernel", "moving_mean"}
        assert ({"gamma", "beta"} <= found) == (affine or kind == "batch")
        assert affine or kind == "batch" or not {"gamma", "beta"} & found


def test_ghosts_are_in_the_network_of_that_name_alone():
    recipe = load_recipe("group_norm_small_batch")
    images = type("Images", (), {"channels": 1, "num_classes": 3})
    config = recipe.Config(ghost=2, batch_size=4)
    found = {
        kind: {
            type(layer).__name__
            for layer in recipe.network(config, images, 12, kind).layers
            if "Normalization" in type(layer).__name__
        }
        for kind in ("batch", "ghost_batch", "group")
    }
    assert found == {
        "batch": {"BatchNormalization"},
        "ghost_batch": {"GhostBatchNormalization"},
        "group": {"GroupNormalization"},
    }
