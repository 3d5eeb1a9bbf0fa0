"""Recipes on several labels an image, and on numbers: from the table to the prediction."""

import json

import keras
import numpy as np
import pytest

from kerasrecipes import experiment, models, serving
from tests.recipes.helpers import load_recipe, run_command
from tests.recipes.labelled_images import LABELS, write_labelled

RESNET, FINETUNE = load_recipe("resnet_crop"), load_recipe("finetune")
SMALL = ("--epochs", 8, "--batch-size", 16, "--crops", "none", "--label-smoothing", 0)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return write_labelled(tmp_path_factory.mktemp("labelled"))


@pytest.fixture(scope="module")
def labelled_run(images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "run"
    flags = ["--data", images / "tags.csv", "--task", "multilabel", *SMALL, "--output", folder]
    assert run_command(RESNET, *flags) == 0
    return folder


@pytest.mark.slow
def test_several_labels_through_the_recipe(labelled_run):
    metrics = json.loads((labelled_run / "metrics.json").read_text())
    test = metrics["test"]
    assert metrics["task"] == "multilabel" and metrics["class_names"] == sorted(LABELS)
    assert 0.75 < test["mean_average_precision"] <= 1 and len(test["f1"]) == 3
    assert "accuracy" not in test and "f1" not in test["protocols"]["one crop"]
    assert sum(metrics["class_sizes"]) > 0
    page = (labelled_run / "report.html").read_text()
    assert "Mean average precision" in page and ">mAP</th>" in page and "Threshold" in page
    for name in (
        "labels.png", "mistakes.png", "explanations.png", "samples.png", "history.png",
    ):  # fmt: skip
        assert (labelled_run / name).stat().st_size > 1000
    history = (labelled_run / "history.csv").read_text().splitlines()[0]
    assert "val_f1" in history


@pytest.mark.slow
def test_the_model_keeps_its_thresholds(labelled_run, images):
    classifier = serving.load_classifier(labelled_run)
    test = json.loads((labelled_run / "metrics.json").read_text())["test"]
    assert classifier.task == "multilabel" and classifier.class_names == tuple(sorted(LABELS))
    assert list(classifier.thresholds) == test["thresholds"]
    pixels = serving.read_image(images / "img" / "000.png", 3)
    probabilities = next(classifier.predict([pixels]))
    assert probabilities.shape == (3,) and (probabilities >= 0).all()


@pytest.mark.slow
def test_numbers_through_the_recipe(images, tmp_path):
    flags = ["--data", images / "sizes.csv", "--task", "regression", *SMALL]
    assert run_command(RESNET, *flags, "--epochs", 12, "--output", tmp_path / "run") == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    test = metrics["test"]
    low, high = test["interval"]
    assert low < test["mean_absolute_error"] < high
    assert test["mean_absolute_error"] < 25  # always the mean: about 39
    page = (tmp_path / "run" / "report.html").read_text()
    assert "Mean absolute error" in page and "Predicted and true numbers" in page
    classifier = serving.load_classifier(tmp_path / "run")
    pixels = [serving.read_image(images / "img" / f"{i:03}.png", 3) for i in range(20)]
    predicted = np.array(list(classifier.predict(pixels)))
    rows = (images / "sizes.csv").read_text().splitlines()[1:21]
    true = np.array([float(row.split(",")[1]) for row in rows])
    assert classifier.task == "regression" and np.abs(predicted[:, 0] - true).mean() < 30


@pytest.fixture
def weighted_table(images):
    """A table of two classes in which each image of the second has a weight of 0."""
    rows = [f"img/{i:03}.png,{'ab'[i % 2]},{1 - i % 2}" for i in range(96)]
    (images / "weighted.csv").write_text("\n".join(["file,label,sample_weight", *rows]))
    return images / "weighted.csv"


def test_weights_of_images_are_given_for_each_of_several_networks():
    """A method that needs nothing of its object."""
    import tensorflow as tf

    arrays = (np.zeros((4, 2)), np.arange(4), np.linspace(0, 1, 4))
    batches = tf.data.Dataset.from_tensor_slices(arrays).batch(2)
    x, y, weights = next(iter(experiment.Comparison.for_each(None, ("a", "b"), batches)))
    assert x.shape == (2, 2) and set(y) == set(weights) == {"a", "b"}
    assert y["b"].numpy().tolist() == [0, 1]
    np.testing.assert_allclose(weights["b"], [0, 1 / 3])
    two = next(
        iter(experiment.Comparison.for_each(None, ("a",), batches.map(lambda x, y, w: (x, y))))
    )
    assert len(two) == 2 and set(two[1]) == {"a"}


@pytest.mark.soak
def test_weights_of_images_reach_each_of_several_networks(weighted_table, tmp_path):
    flags = ["--data", weighted_table, "--epochs", 3, "--batch-size", 16]
    run = tmp_path / "run"
    assert run_command(load_recipe("group_norm_small_batch"), *flags, "--output", run) == 0
    test = json.loads((run / "metrics.json").read_text())["test"]
    assert test["recall"] == [1, 0]  # of the second class nothing is learnt


@pytest.mark.slow
def test_class_weights_beside_weights_of_images(weighted_table, tmp_path):
    keras.utils.set_random_seed(0)
    weights = tmp_path / "random.weights.h5"
    models.backbone("efficientnet_lite0", None, (32, 32, 3)).save_weights(weights)
    flags = ["--data", weighted_table, "--weights", weights, "--size", 32, "--class-weights"]
    more = ["--batch-size", 16, "--plan", "many", "--epochs", 1, "--output", tmp_path / "run"]
    assert run_command(FINETUNE, *flags, *more) == 0


@pytest.mark.parametrize(
    "task, plan",
    [
        pytest.param("multilabel", "linear", marks=pytest.mark.slow),
        pytest.param("regression", "many", marks=pytest.mark.soak),
        pytest.param("multilabel", "many", marks=pytest.mark.soak),
        pytest.param("regression", "linear", marks=pytest.mark.soak),
    ],
)
def test_a_backbone_with_a_head_of_each_task(images, tmp_path, task, plan):
    keras.utils.set_random_seed(0)
    weights = tmp_path / "random.weights.h5"
    models.backbone("efficientnet_lite0", None, (32, 32, 3)).save_weights(weights)
    table = {"multilabel": "tags.csv", "regression": "sizes.csv"}[task]
    flags = ["--data", images / table, "--task", task, "--weights", weights, "--size", 32]
    more = ["--batch-size", 16, "--plan", plan, "--output", tmp_path / "run"]
    epochs = ["--epochs", 1] if plan == "many" else []
    assert run_command(FINETUNE, *flags, *more, *epochs) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    classifier = serving.load_classifier(tmp_path / "run")
    pixels = [serving.read_image(images / "img" / f"{i:03}.png", 3) for i in range(20)]
    predicted = np.array(list(classifier.predict(pixels)))
    if task == "regression":
        assert metrics["test"]["mean_absolute_error"] < 39  # always the mean
        assert 30 < predicted.mean() < 190
    else:
        assert metrics["test"]["mean_average_precision"] > 0.5
        assert set(metrics["test"]["thresholds"]) != {0.5}
        assert list(classifier.thresholds) == metrics["test"]["thresholds"]
