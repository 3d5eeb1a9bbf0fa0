"""The flags that the recipes which compare techniques share reach the networks and optimizers."""

import pathlib
import types

import keras
import numpy as np
import pytest

from kerasrecipes import data, experiment
from kerasrecipes.experiment import several_crops
from kerasrecipes.experiment.replicas import Replicas
from tests.recipes.helpers import load_recipe, write_npz

RECIPES = pathlib.Path(__file__).parent.parent.parent / "recipes"
COMPARED = sorted(
    path.stem
    for path in RECIPES.glob("*.py")
    if "class Config(ComparisonConfig)" in path.read_text()
)
SMALL = {
    "decorrelated_bn": {"depth": 3, "width": 4},
    "drop_connect": {"units": 8},
    "fractional_pooling": {"width": 2},
    "stochastic_depth": {"depth": 8},
}
QUICK = ("drop_connect", "polyak", "sgdr")  # two networks, one, and an optimizer of each


class Compiled(Exception):
    """Ends a recipe where its training would begin."""


@pytest.fixture
def compiled(monkeypatch):
    """A function of a recipe's name and flags: the model that the recipe would train."""

    def fit(model, *arguments, **more):
        raise Compiled(model)

    monkeypatch.setattr(keras.Model, "fit", fit)

    def model_of(name, folder, **flags):
        recipe, npz = load_recipe(name), write_npz(folder / "squares.npz", count=96)
        flags = {"data": str(npz), "batch_size": 8, **SMALL.get(name, {}), **flags}
        with pytest.raises(Compiled) as stopped:
            recipe.main(recipe.Config(output=str(folder / "run"), **flags))
        return stopped.value.args[0]

    return model_of


def test_the_recipes_that_compare_are_here():
    assert len(COMPARED) == 9 and set(SMALL) < set(COMPARED)


@pytest.mark.parametrize("name", [one if one in QUICK else one for one in COMPARED])
@pytest.mark.slow
def test_kernels_alone_decay_and_each_optimizer_has_the_momentum(name, compiled, tmp_path):
    model = compiled(name, tmp_path, weight_decay=1e-2, nesterov=True, momentum=0.75)
    weights = model.trainable_weights
    kernels = [weight for weight in weights if weight.name == "kernel"]
    others = [weight for weight in weights if weight.name != "kernel"]
    assert kernels and {one.name for one in others} <= {"bias", "gamma", "beta"}
    assert not any(one.regularizer for one in others)
    squares = sum(float((keras.ops.convert_to_numpy(one) ** 2).sum()) for one in kernels)
    np.testing.assert_allclose(sum(map(float, model.losses)), 1e-2 / 2 * squares, rtol=1e-5)
    optimizer_of = getattr(model.optimizer, "_optimizer_map", lambda _: model.optimizer)
    found = {(one.nesterov, one.momentum) for one in map(optimizer_of, weights)}
    assert found == {(True, 0.75)}


@pytest.mark.slow
def test_images_are_mirrored_unless_the_flag_says_no(tmp_path):
    mirrored = []
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, 12, 12, 1)).astype("uint8").repeat(32, axis=0)
    labels = np.arange(64) // 32
    npz = write_npz(tmp_path / "two.npz", classes=2, x_train=images, y_train=labels)
    for flip in (True, False):
        config = experiment.ComparisonConfig(flip=flip, crops="pad", size=12, data=str(npz))
        run = types.SimpleNamespace(config=config, start_step=0, replicas=Replicas(config))
        compared = experiment.Comparison(run, data.load(npz))
        batch, numbers = next(iter(compared.training.as_numpy_iterator()))
        halves = [batch[numbers == label].reshape(-1, 144) for label in (0, 1)]
        mirrored.append(max(len(np.unique(half.round(3), axis=0)) for half in halves))
    assert mirrored[1] <= 9 < mirrored[0]  # shifts out of a border of 1 pixel


def test_an_average_that_reaches_too_far_for_its_training_says_so():
    recipe = load_recipe("polyak")
    words = recipe.pays(recipe.Config(decay=0.99), updates=30)
    assert "back over some 100 updates, too many for a training of 30:" in words
    assert recipe.pays(recipe.Config(decay=0.99), updates=470) == recipe.PAYS
    assert recipe.pays(recipe.Config(average="equal"), updates=30) == recipe.PAYS


def two_classifiers(tmp_path, **flags):
    """A comparison, two random classifiers, and a list that grows when tests are cut."""
    config = experiment.ComparisonConfig(size=12, crops="pad", **flags)
    cut = []
    run = types.SimpleNamespace(
        config=config, start_step=0, replicas=Replicas(config), tests_were_cut=lambda: cut.append(1)
    )
    compared = experiment.Comparison(run, data.load(write_npz(tmp_path / "squares.npz", size=12)))
    pair = {name: keras.Sequential(
        [keras.Input((12, 12, 1)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    ) for name in ("one_net", "other")}  # fmt: skip
    return compared, pair, cut


@pytest.mark.slow
def test_networks_are_tested_by_their_mirror_images_too(tmp_path, capsys):
    compared, pair, _ = two_classifiers(tmp_path)
    results = compared.test(pair)
    assert [(one.name, one.crops) for one in results] == [("one_net", 1), ("other", 1)]
    entry, sentence = several_crops.describe_several_crops("mirror", compared._by_crops)
    images = np.concatenate([batch for batch, _ in compared.testing.as_numpy_iterator()])
    labels = np.concatenate([batch for _, batch in compared.testing.as_numpy_iterator()])
    right = {}
    for name, network in pair.items():
        both = [network.predict(view, verbose=0) for view in (images, images[:, :, ::-1])]
        right[name] = np.mean(np.mean(both, axis=0).argmax(axis=1) == labels)
        assert entry[name]["accuracy"] == pytest.approx(right[name])
    assert entry["protocol"] == "mirror" and entry["other"]["crops"] == 2
    shown = f"one net {right['one_net']:.1%}, other {right['other']:.1%}"
    assert sentence == f"By mirror (2 crops an image): {shown}."
    assert "one_net, mirror" in capsys.readouterr().out


@pytest.mark.slow
def test_without_mirror_images_in_training_they_are_tested_by_one_crop(tmp_path, capsys):
    compared, pair, _ = two_classifiers(tmp_path, flip=False)
    assert len(compared.test(pair)) == 2
    assert not compared._by_crops and "mirror" not in capsys.readouterr().out.split("\ntest")[1]


@pytest.mark.slow
def test_a_signal_leaves_out_the_tests_by_several_crops(tmp_path, monkeypatch, capsys):
    compared, pair, cut = two_classifiers(tmp_path)

    def stopped(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(several_crops, "run_tests", stopped)
    assert len(compared.test(pair)) == 2 and cut
    assert "the remaining tests are skipped" in capsys.readouterr().err
