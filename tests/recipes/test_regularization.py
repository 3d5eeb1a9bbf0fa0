"""The recipe of techniques against overfitting, and the trainings side by side that it uses."""

import json

import keras
import numpy as np
import pytest
from scipy import stats
from scipy.special import log_softmax

from kerasrecipes.evaluation import MeanInterval
from kerasrecipes.evaluation.weights_figure import near_zero, weights_figure
from kerasrecipes.experiment import regularization_report as report
from kerasrecipes.experiment.dropout_forms import dropout_scores, inverted_weights
from kerasrecipes.experiment.paired_trainings import PairedTrainings
from kerasrecipes.experiment.vanilla_dropout import VanillaDropout
from tests.recipes.helpers import assert_one_line, load_recipe, run_command, write_npz

RNG = np.random.default_rng(3)
KERNEL = RNG.normal(size=(4, 3))


def examples(count):
    x = RNG.normal(size=(count, 4)).astype("float32")
    return x, (x @ KERNEL + RNG.normal(size=(count, 3))).argmax(axis=1)


TRAIN, HELD, TEST = examples(40), examples(30), examples(20)


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def dense(seed):
    start = keras.initializers.HeNormal(seed)
    hidden = keras.layers.Dense(6, "relu", kernel_initializer=start)
    last = keras.layers.Dense(3, kernel_initializer=start)
    return keras.Sequential([keras.Input((4,)), hidden, last])


def sgd():
    rate = keras.optimizers.schedules.CosineDecay(0.3, 60)
    return keras.optimizers.SGD(rate, momentum=0.9)


def trainings():
    def networks(seed):
        return {"plain": dense(seed), "smooth": dense(seed)}

    return PairedTrainings(networks, {"smooth": 0.2}, sgd(), seed=0, jit=False)


def lone(seed, smoothing, callbacks=None):
    """A network trained by Keras alone on the same batches."""
    model = dense(seed)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    model.compile(sgd(), loss, jit_compile=False)
    model.fit(TRAIN[0], np.eye(3)[TRAIN[1]], verbose=0)  # the first fit draws more from the seed
    model.set_weights(dense(seed).get_weights())
    for variable in model.optimizer.variables:
        if "learning_rate" not in variable.path:
            variable.assign(keras.ops.zeros(variable.shape, variable.dtype))
    keras.utils.set_random_seed(seed)
    model.fit(TRAIN[0], np.eye(3)[TRAIN[1]], 10, 12, callbacks=callbacks, verbose=0)
    return model


@pytest.fixture(scope="module")
def found():
    """The results of two seeds, one after the other by the same compiled step."""
    paired = trainings()
    paired.train(7, TRAIN, HELD, TEST, 1, 10)
    return {seed: paired.train(seed, TRAIN, HELD, TEST, 12, 10, stop="plain") for seed in (0, 1)}


@pytest.mark.parametrize("name, seed", [("plain", 0), ("smooth", 1)])
@pytest.mark.slow
def test_each_network_is_trained_as_if_alone(found, name, seed):
    alone, result = lone(seed, 0.2 if name == "smooth" else 0.0), found[seed][name]
    for weights, expected in zip(result.weights, alone.get_weights()):
        np.testing.assert_allclose(weights, expected, atol=2e-4)
    logits = alone.predict(TEST[0], verbose=0).astype("float64")
    oracle = -log_softmax(logits, axis=-1)[np.arange(20), TEST[1]].mean()
    assert result.loss == pytest.approx(oracle, abs=2e-3)
    assert result.accuracy == np.mean(logits.argmax(axis=1) == TEST[1])
    assert result.epochs == 12


@pytest.mark.slow
def test_early_stopping_has_the_weights_of_the_least_held_out_loss(found):
    seen = []

    def keep(epoch, logs):
        logits = callback.model.predict_on_batch(HELD[0]).astype("float64")
        loss = -log_softmax(logits, axis=-1)[np.arange(30), HELD[1]].mean()
        seen.append((loss, callback.model.get_weights()))

    callback = keras.callbacks.LambdaCallback(on_epoch_end=keep)
    lone(1, 0.0, [callback])
    best = min(range(12), key=lambda epoch: seen[epoch][0])
    result = found[1]["early stopping"]
    assert result.epochs == best + 1 < 12
    for weights, expected in zip(result.weights, seen[best][1]):
        np.testing.assert_allclose(weights, expected, atol=2e-4)
    assert result.loss != found[1]["plain"].loss


def test_vanilla_dropout_scales_at_test_and_inverted_dropout_in_training():
    x = keras.ops.ones((200, 50))
    layer = VanillaDropout(0.25, seed=0)
    trained = array(layer(x, training=True))
    assert set(np.unique(trained)) == {0.0, 1.0}
    assert trained.mean() == pytest.approx(0.75, abs=0.02)
    np.testing.assert_allclose(array(layer(x, training=False)), 0.75)


def test_both_forms_of_dropout_have_the_expectation_that_is_used_at_test():
    hidden, kernel, bias = RNG.normal(size=30), RNG.normal(size=(30, 40)), RNG.normal(size=40)
    found = dropout_scores(0.4, hidden, kernel, bias, masks=3000, seed=0)
    exact = 0.6 * hidden @ kernel + bias
    error = np.sqrt(0.4 * 0.6 * (hidden**2 @ kernel**2) / 3000)
    for scores in found.values():
        np.testing.assert_allclose(scores.test, exact, atol=1e-5)
        np.testing.assert_allclose(scores.errors, error, rtol=0.1)
        distances = (scores.training - exact) / error
        assert 0.5 < np.sqrt(np.mean(distances**2)) < 1.6 and abs(distances).max() < 4.5
    np.testing.assert_allclose(found["vanilla"].training, found["inverted"].training, atol=1e-5)


def test_a_network_with_vanilla_dropout_is_one_with_inverted_dropout():
    recipe = load_recipe("regularization")
    vanilla, inverted = (
        recipe.network(8, (5, 5, 1), 3, name, 0.4, 0) for name in ("vanilla dropout", "dropout")
    )
    inverted.set_weights(inverted_weights(vanilla.get_weights(), 0.4))
    x = RNG.normal(size=(6, 5, 5, 1)).astype("float32")
    for training in (False, True):  # the same seeds, so the same masks
        first, second = (array(one(x, training=training)) for one in (vanilla, inverted))
        np.testing.assert_allclose(first, second, atol=1e-5)
    assert abs(array(vanilla(x, training=True)) - array(vanilla(x))).max() > 0.01


@pytest.mark.parametrize(
    "technique, penalty",
    [
        ("none", lambda w: 0.0),
        ("L1", lambda w: 0.01 * abs(w).sum()),
        ("L2", lambda w: 0.005 * (w**2).sum()),
        ("elastic net", lambda w: 0.01 * abs(w).sum() + 0.05 * (w**2).sum()),
    ],
)
def test_penalties_are_those_of_their_formulas(technique, penalty):
    network = load_recipe("regularization").network(4, (3, 3, 1), 2, technique, 0.01, 0)
    kernels = network.get_weights()[::2]
    assert len(kernels) == 3
    assert float(sum(network.losses)) == pytest.approx(sum(map(penalty, kernels)), rel=1e-5)


def test_all_techniques_start_from_the_same_weights_but_for_drop_connect():
    recipe = load_recipe("regularization")
    starts = {
        name: recipe.network(4, (3, 3, 1), 2, name, many[-1], 5).get_weights()[0]
        for name, many in recipe.STRENGTHS.items()
    }
    factor = 1 / np.sqrt(1 - recipe.STRENGTHS["DropConnect"][-1])  # so that what is kept is equal
    for name, kernel in starts.items():
        expected = starts["none"] * (factor if name == "DropConnect" else 1)
        np.testing.assert_allclose(kernel, expected, rtol=1e-5)


def test_histograms_say_how_many_weights_are_near_zero():
    kernels = {"a": RNG.normal(size=(50, 40)), "b": np.zeros((30, 20))}
    kernels["b"][0] = 1.0
    wide, sparse = weights_figure(kernels, 1e-3).axes
    heights = [bar.get_height() for bar in wide.patches]
    assert 0.998 <= sum(heights) <= 1
    assert max(heights) < 0.1 and len(heights) % 2 == 1
    assert sparse.patches[len(heights) // 2].get_height() == pytest.approx(29 / 30)
    assert sparse.get_title() == "b: 97% within ±0.001"
    assert near_zero(np.array([0.0, 5e-4, -0.5, 1.0]), 1e-3) == 0.5


def test_the_result_of_a_technique_is_read_from_its_intervals():
    up, down, both = MeanInterval(2, 1, 3), MeanInterval(-2, -3, -1), MeanInterval(0, -1, 1)
    assert report._here(up, down) == "more accurate, lower loss"
    assert report._here(down, both) == "less accurate"
    assert report._here(both, up) == "higher loss"
    assert report._here(both, both) == report.NOTHING
    tried = {"L1": (1e-4, 3e-4, 1e-3)}
    assert report._strength("L1", {"L1": 1e-4}, tried, {}) == "0.0001 (the lowest tried)"
    assert report._strength("L1", {"L1": 3e-4}, tried, {}) == "0.0003"


@pytest.mark.slow
def test_every_technique_is_compared_with_none(tmp_path, monkeypatch):
    recipe = load_recipe("regularization")
    few = {name: many[: 2 if name == "L1" else 1] for name, many in recipe.STRENGTHS.items()}
    monkeypatch.setattr(recipe, "STRENGTHS", few)
    npz, folder = write_npz(tmp_path / "squares.npz", count=90), tmp_path / "run"
    flags = ["--data", npz, "--output", folder, "--epochs", 2, "--seeds", 3, "--units", 4]
    assert run_command(recipe, *flags, "--images", 24, "--batch-size", 12) == 0
    metrics = json.loads((folder / "metrics.json").read_text())
    names = {*recipe.STRENGTHS, "early stopping"}
    assert set(metrics["test"]["protocols"]) == names
    assert metrics["dropout_forms_difference"] < 1e-5
    by_seed = metrics["accuracy_by_seed"]
    for name in names - {"none"}:
        change = np.subtract(by_seed[name], by_seed["none"])
        mean, low, high = metrics["minus_none"][name]
        assert mean == pytest.approx(change.mean())
        half = stats.t.ppf(0.975, 2) * change.std(ddof=1) / np.sqrt(3)
        np.testing.assert_allclose([low, high], [mean - half, mean + half], atol=1e-9)
        if name != "early stopping":
            assert metrics["strengths"][name] in recipe.STRENGTHS[name]
    for name in ("comparison", "weights"):
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    page = (folder / "report.html").read_text()
    assert "Both forms of dropout" in page and "Minus none" in page


def test_bad_input(tmp_path, capsys):
    assert run_command(load_recipe("regularization"), "--seeds", 1) == 2
    assert_one_line(capsys, "seeds=1")
