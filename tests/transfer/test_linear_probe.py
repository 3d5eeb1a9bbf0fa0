"""The linear probe finds the minimum of its objective; its accuracies are those on new data."""

import keras
import numpy as np
import pytest

from kerasrecipes import models, transfer
from kerasrecipes.transfer._logistic_regression import stratified_folds

pytest.importorskip("sklearn")


def examples(count, width, classes=4, spread=0.5, seed=0):
    """Clouds of points as images of one pixel, with features of very different scales."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(9).normal(size=(classes, width)) * spread
    labels = rng.integers(0, classes, count)
    points = (centres[labels] + rng.normal(size=(count, width))) * np.geomspace(0.1, 50, width) + 7
    return points[:, None, None, :].astype("float32"), labels


def plain(width):
    """A network whose stages are its input, and its first half."""
    inputs = keras.Input((1, 1, width))
    first = keras.layers.Cropping2D(0, name="whole")(inputs)
    half = keras.layers.Reshape((1, 2, width // 2))(first)
    half = keras.layers.Cropping2D(((0, 0), (0, 1)), name="half")(half)
    return keras.Model(inputs, half)


def gradient(features, labels, classes, weights, kernel, bias, strength):
    """Gradient of the objective by the kernel of standardised features, and by the bias."""
    std = features.std(axis=0)
    scaled = (features - features.mean(axis=0)) / std
    scores = features @ kernel + bias
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    slope = weights[:, None] * (p - np.eye(classes)[labels]) / len(labels)
    return scaled.T @ slope + strength * kernel * std[:, None], slope.sum(axis=0)


@pytest.mark.parametrize("count, width, classes", [(60, 100, 4), (400, 12, 4), (300, 12, 2)])
@pytest.mark.parametrize("strength", [0.3, 0.01])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_gradient_of_the_objective_is_zero(count, width, classes, strength, weighted):
    """The objective is convex: where its gradient vanishes is its only minimum."""
    x, y = examples(count, width, classes)
    weights = np.random.default_rng(3).uniform(0.2, 3, count) if weighted else np.ones(count)
    data = (x, y, weights) if weighted else (x, y)
    probe = transfer.linear_probe(plain(width), data, stages=["whole"], regularization=strength)
    kernel, bias = probe.best.kernel.astype("float64"), probe.best.bias.astype("float64")
    flat = x[:, 0, 0].astype("float64")
    for part in gradient(flat, y, classes, weights, kernel, bias, strength):
        np.testing.assert_allclose(part, 0, atol=1e-5)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_class_without_an_example_is_next_to_impossible(classes):
    x, y = examples(90, 6, classes)
    probe = transfer.linear_probe(plain(6), (x, y * 2 + 1), stages=["whole"]).best
    plainly = transfer.linear_probe(plain(6), (x, y), stages=["whole"]).best
    assert probe.kernel.shape == (6, 2 * classes)
    assert np.exp(probe.left_out[:, ::2]).max() < 1e-4
    np.testing.assert_allclose(probe.left_out[:, 1::2], plainly.left_out, atol=1e-4)
    assert probe.accuracy == plainly.accuracy


def test_every_stage_has_its_own_classifier():
    x, y = examples(300, 12)
    probe = transfer.linear_probe(plain(12), (x, y), (x[:50], y[:50]), stages=["whole", "half"])
    assert [one.stage for one in probe.stages] == ["whole", "half"]
    assert [one.kernel.shape for one in probe.stages] == [(12, 4), (6, 4)]
    flat = x[:, 0, 0]
    for one, features in zip(probe.stages, (flat, flat[:, :6])):
        said = (features @ one.kernel + one.bias).argmax(axis=1)
        assert one.accuracy == pytest.approx(np.mean(said == y))
        assert one.validation_accuracy == pytest.approx(np.mean(said[:50] == y[:50]))
    assert probe.best.stage == "whole"
    lines = str(probe).splitlines()
    assert len(lines) == 3 and f"{probe.best.left_out_accuracy:.4f}" in lines[1]
    assert list(probe.accuracies()) == [
        "accuracy (fitted)",
        "accuracy (cross-validated)",
        "accuracy (validation)",
    ]


def test_what_is_left_out_tells_of_new_examples_and_chance_is_called_chance():
    x, y = examples(400, 30, spread=0.35)
    new_x, new_y = examples(4000, 30, spread=0.35, seed=1)
    probe = transfer.linear_probe(plain(30), (x, y), (new_x, new_y), stages=["whole"]).best
    assert probe.left_out_accuracy == pytest.approx(probe.validation_accuracy, abs=0.04)
    assert probe.left_out_loss == pytest.approx(probe.validation_loss, abs=0.1)
    noise = np.random.default_rng(5).integers(0, 4, 400)
    probe = transfer.linear_probe(plain(30), (x, noise), stages=["whole"]).best
    assert probe.left_out_accuracy < 0.36
    assert probe.left_out_loss < np.log(4) + 0.05, "strong regularisation is chosen for noise"


def test_left_out_probabilities_are_those_of_a_fit_without_the_example():
    x, y = examples(60, 8)
    probe = transfer.linear_probe(plain(8), (x, y), stages=["whole"], folds=3).best
    fold = stratified_folds(y, 3)
    for number in range(3):
        part = fold != number
        alone = transfer.linear_probe(
            plain(8), (x[part], y[part]), stages=["whole"], regularization=probe.regularization
        ).best
        scores = x[~part, 0, 0] @ alone.kernel + alone.bias
        own = np.exp(scores - scores.max(axis=1, keepdims=True))
        own /= own.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(np.exp(probe.left_out[~part]), own, atol=1e-3)


def test_class_weights_are_weights_of_the_examples():
    x, y = examples(80, 8)
    given = {"stages": ["whole"], "regularization": 0.1}
    factors = np.array([3.0, 1.0, 0.2, 1.0])
    by_class = transfer.linear_probe(plain(8), (x, y), class_weight={0: 3.0, 2: 0.2}, **given)
    by_example = transfer.linear_probe(plain(8), (x, y, factors[y]), **given)
    np.testing.assert_array_equal(by_class.best.kernel, by_example.best.kernel)
    both = transfer.linear_probe(plain(8), (x, y, factors[y]), class_weight={1: 2.0}, **given)
    product = transfer.linear_probe(plain(8), (x, y, (factors * [1, 2, 1, 1])[y]), **given)
    np.testing.assert_array_equal(both.best.kernel, product.best.kernel)
    plainly = transfer.linear_probe(plain(8), (x, y), **given)
    assert abs(plainly.best.kernel - by_class.best.kernel).max() > 1e-3


def test_folds_are_stratified_disjoint_and_balanced():
    labels = np.repeat([0, 1, 2, 3], [11, 7, 2, 1])
    fold = stratified_folds(labels, 3)
    assert fold[-1] == -1 and (fold[:-1] >= 0).all()
    for label in range(3):
        counts = np.bincount(fold[labels == label], minlength=3)
        assert counts.max() - counts.min() <= 1
    counts = np.bincount(fold[:-1])
    assert counts.max() - counts.min() <= 1


def test_one_image_of_a_class_and_a_constant_feature():
    x, y = examples(40, 6, classes=3)
    x[..., 2] = 5.0
    x, y = np.concatenate([x, x[:1] + 300]), np.append(y, 3)
    probe = transfer.linear_probe(plain(6), (x, y), stages=["whole"]).best
    assert np.isfinite(probe.kernel).all() and probe.kernel.shape == (6, 4)
    assert np.isnan(probe.left_out).any(axis=1).tolist() == [False] * 40 + [True]
    assert np.isfinite(probe.left_out_loss)


def test_stages_are_those_of_the_model():
    network = models.resnet(8, (16, 16, 3), 3, seed=0)
    rng = np.random.default_rng(0)
    y = np.arange(24) % 3
    x = (y[:, None, None, None] * 60 + rng.normal(0, 9, (24, 16, 16, 3))).astype("float32")
    probe = transfer.linear_probe(network, [(x, y)], folds=2)
    assert [one.stage for one in probe.stages] == models.stages(network)
    head = keras.layers.Dense(3)
    features = transfer.extract_features(network, x, [probe.best.stage])[probe.best.stage]
    head.build(features.shape)
    head.set_weights([probe.best.kernel, probe.best.bias])
    said = keras.ops.convert_to_numpy(head(features)).argmax(axis=1)
    assert np.mean(said == y) == pytest.approx(probe.best.accuracy)


X, Y = examples(20, 4)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"data": X}, "labels"),
        ({"data": (X, np.eye(4)[Y])}, "integer labels"),
        ({"data": (X, Y - 1)}, "integer labels"),
        ({"data": (X, Y * 0)}, "two classes"),
        ({"validation_data": (X, Y + 4)}, "below 4"),
        ({"regularization": 0.0}, "regularization=0.0"),
        ({"regularization": []}, "regularization"),
        ({"folds": 1}, "folds=1"),
        ({"stages": ["nowhere"]}, "nowhere"),
        ({"class_weight": {0: -1.0}}, "`class_weight` must be in"),
        ({"class_weight": "balanced"}, "`class_weight` must be a dict .*'balanced'"),
    ],
)
def test_bad_arguments(change, words):
    given = {"backbone": plain(4), "data": (X, Y), "stages": ["whole"], **change}
    with pytest.raises((ValueError, TypeError), match=words):
        transfer.linear_probe(**given)


def standardised(x):
    flat = x[:, 0, 0].astype("float64")
    return (flat - flat.mean(axis=0)) / flat.std(axis=0)


@pytest.mark.parametrize(("count", "width"), [(60, 100), (300, 12)])
def test_several_labels_are_a_logistic_regression_each(count, width):
    from sklearn.linear_model import LogisticRegression

    x, clouds = examples(count, width)
    y = np.stack([clouds % 2, clouds < 3, np.ones(count)], axis=1).astype("float32")
    options = {"stages": ["whole"], "task": "multilabel"}
    probe = transfer.linear_probe(plain(width), (x, y), (x, y), regularization=0.1, **options).best
    flat = standardised(x)
    scores = x[:, 0, 0] @ probe.kernel + probe.bias
    for label in range(2):
        solver = LogisticRegression(C=2 / (0.1 * count), tol=1e-8, max_iter=5000)
        expected = solver.fit(flat, y[:, label]).decision_function(flat)
        np.testing.assert_allclose(scores[:, label], expected, atol=2e-3)
    assert (scores[:, 2] > 10).all()  # every example has it
    p = 1 / (1 + np.exp(-scores.astype("float64")))
    loss = -np.mean(np.where(y > 0.5, np.log(p), np.log1p(-p)))
    assert probe.loss == pytest.approx(loss, rel=1e-3)
    assert probe.validation_accuracy == pytest.approx(np.mean((p >= 0.5) == y), abs=1e-9)


def test_the_strength_for_several_labels_is_that_of_the_lowest_left_out_loss():
    x, clouds = examples(80, 30, spread=0.3)
    y = np.stack([clouds % 2, clouds < 2], axis=1).astype("float32")
    options = {"stages": ["whole"], "task": "multilabel", "folds": 4}
    probe = transfer.linear_probe(plain(30), (x, y), **options).best
    assert probe.left_out.shape == (80, 2) and (probe.left_out <= 0).all()
    p = np.exp(probe.left_out.astype("float64"))
    loss = -np.mean(np.where(y > 0.5, np.log(p), np.log1p(-p)))
    assert probe.left_out_loss == pytest.approx(loss, rel=1e-4)
    assert probe.regularization > 0.003  # noise: not the weakest


def test_numbers_are_ridge_regression():
    from sklearn.linear_model import Ridge

    x, clouds = examples(70, 8)
    y = np.stack([100.0 + 20 * clouds, clouds - x[:, 0, 0, 0]], axis=1)
    options = {"stages": ["whole"], "task": "regression", "regularization": 0.1}
    probe = transfer.linear_probe(plain(8), (x, y), (x, y), **options).best
    flat, std = standardised(x), y.std(axis=0)
    expected = Ridge(alpha=0.1 * 70).fit(flat, y / std).predict(flat) * std
    np.testing.assert_allclose(x[:, 0, 0] @ probe.kernel + probe.bias, expected, rtol=1e-3)
    r2 = 1 - ((expected - y) ** 2).mean(axis=0) / y.var(axis=0)
    assert probe.accuracy == pytest.approx(r2.mean(), abs=1e-4)


@pytest.mark.parametrize(
    ("task", "labels", "words"),
    [
        ("multilabel", np.arange(20), "that are 0 or 1"),
        ("multilabel", np.full((20, 2), 0.5), "that are 0 or 1"),
        ("regression", np.full((20, 2), np.nan), "finite numbers"),
        ("tags", np.arange(20), "task"),
    ],
)
def test_labels_that_are_not_of_the_task(task, labels, words):
    with pytest.raises(ValueError, match=words):
        transfer.linear_probe(plain(4), (examples(20, 4)[0], labels), stages=["whole"], task=task)
