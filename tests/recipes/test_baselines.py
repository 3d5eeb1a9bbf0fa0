"""The recipe of simple classifiers, and its classifiers against scikit-learn."""

import json

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import SVC

from kerasrecipes import losses
from kerasrecipes.experiment import simple_classifiers as simple
from tests.recipes.helpers import assert_one_line, load_recipe, run_command, write_npz

RNG = np.random.default_rng(1)
X = RNG.normal(size=(120, 5)).astype("float32") + 0.5
LABELS = (X @ RNG.normal(size=(5, 3)) + RNG.normal(size=(120, 3))).argmax(axis=1)
SOFTMAX = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def test_softmax_is_scikit_learns_logistic_regression():
    found = simple.lbfgs_classifier(X, LABELS, 3, 0.01, SOFTMAX, 300)
    oracle = LogisticRegression(C=1 / (0.01 * 120), tol=1e-8).fit(X, LABELS)
    np.testing.assert_allclose(found.kernel, oracle.coef_.T, atol=2e-3)
    np.testing.assert_array_equal(found.predict(X), oracle.predict(X))


def test_least_squares_is_scikit_learns_ridge():
    found = simple.least_squares(X, LABELS, 3, 0.05)
    oracle = Ridge(0.05 * 120).fit(X.astype("float64"), np.eye(3)[LABELS])
    np.testing.assert_allclose(found.kernel, oracle.coef_.T, atol=1e-6)
    np.testing.assert_allclose(found.bias, oracle.intercept_, atol=1e-6)


def test_the_hinge_of_two_classes_is_scikit_learns_support_vector_machine():
    labels, strength = (LABELS > 0).astype("int64"), 0.02
    found = simple.lbfgs_classifier(X, labels, 2, strength, losses.MulticlassHinge(), 300)
    oracle = SVC(kernel="linear", C=2 / (strength * 120), tol=1e-6).fit(X, labels)

    def objective(kernel, bias):  # of w = W[1] - W[0], where |W|² = |w|² / 2
        margins = (2 * labels - 1) * (X @ kernel + bias)
        return np.maximum(0, 1 - margins).mean() + strength / 4 * kernel @ kernel

    ours = objective(found.kernel[:, 1] - found.kernel[:, 0], found.bias[1] - found.bias[0])
    theirs = objective(oracle.coef_[0], oracle.intercept_[0])
    assert theirs - 1e-6 <= ours < 1.005 * theirs


def test_held_out_examples_choose_the_penalty():
    seen = []

    def fit(x, labels, strength, iterations):
        seen.append((len(x), strength, iterations))
        bias = np.array([0.0, 1.0]) if strength == 1e-2 else np.array([1.0, 0.0])
        return simple.LinearClassifier(np.zeros((5, 2)), bias, strength, iterations)

    chosen = simple.chosen_classifier(X, np.ones(120, int), fit, seed=0, iterations=30)
    assert chosen.strength == 1e-2
    assert seen == [*((108, strength, 10) for strength in simple.STRENGTHS), (120, 1e-2, 30)]


@pytest.fixture(scope="module")
def npz(tmp_path_factory):
    return write_npz(tmp_path_factory.mktemp("images") / "squares.npz")


@pytest.mark.slow
def test_every_classifier_is_tested(npz, tmp_path):
    recipe, folder = load_recipe("baselines"), tmp_path / "run"
    flags = ["--data", npz, "--output", folder, "--no-features", "--neighbours", 3]
    assert run_command(recipe, *flags, "--epochs", 20) == 0
    metrics = json.loads((folder / "metrics.json").read_text())
    kinds = ("3 nearest, L1", "3 nearest, L2", "least squares", "linear SVM", "linear softmax")
    inputs = ("raw pixels", "centred pixels", "whitened pixels")
    tests = metrics["test"]["protocols"]
    assert set(tests) == {f"{one}, {kind}" for one in inputs for kind in kinds}
    assert all(test["images"] == 24 for test in tests.values())
    assert tests["raw pixels, 3 nearest, L2"]["accuracy"] == 1.0
    assert tests["centred pixels, linear softmax"]["accuracy"] == 1.0
    assert (folder / "templates.png").read_bytes().startswith(b"\x89PNG")
    assert "Templates of linear classifiers" in (folder / "report.html").read_text()


def test_bad_input(npz, tmp_path, capsys):
    recipe = load_recipe("baselines")
    assert run_command(recipe, "--data", npz, "--neighbours", 0) == 2
    assert_one_line(capsys, "neighbours=0")
    flags = ["--data", npz, "--output", tmp_path / "run", "--backbone", "lenet"]
    assert run_command(recipe, *flags) == 2
    assert not (tmp_path / "run").exists()
    capsys.readouterr()
    assert run_command(recipe, "--data", npz, "--no-features", "--feature-size", 32) == 2
    assert_one_line(capsys, "`feature_size` needs `features`")
