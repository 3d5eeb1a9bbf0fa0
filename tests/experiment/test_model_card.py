"""The model card: valid metadata, whatever names data and classes have, and the run's figures."""

import keras
import pytest

from kerasrecipes import layers, models, serving
from kerasrecipes.experiment.model_card import model_card
from kerasrecipes.experiment.model_facts import facts_table, model_facts

FACTS = {
    "parameters": 1234567, "multiply_adds": 41_000_000, "file_bytes": 5_200_000,
    "latency_ms": 3.14, "image_size": [32, 32],
}  # fmt: skip


def card(task="classes", data="photos", command=None, **test):
    metrics = {
        "recipe": "resnet_crop",
        "command": "python recipes/resnet_crop.py --data photos",
        "versions": {"kerasrecipes": "0.1.0", "keras": "3.15.0"},
        "task": task,
        "data": data,
        "class_names": ["cat", "dog: a 'good' one", "#3"],
        "test": {"accuracy": 0.9, "loss": float("nan"), "images": 20, "recall": [1.0], **test},
    }
    sentences = ["Accuracy 90.00% on 20 test images.", "A remark."]
    return model_card(metrics, sentences, facts_table(FACTS), command)


@pytest.mark.parametrize("data", ["photos", "a: b", "- x", 'quo"te', "line\nbreak", "{y}"])
@pytest.mark.parametrize("task", ["classes", "multilabel", "regression"])
def test_the_header_is_yaml(task, data):
    yaml = pytest.importorskip("yaml")
    _, header, body = card(task, data).split("---\n", 2)
    metadata = yaml.safe_load(header)
    assert metadata["license"] == "unknown" and metadata["library_name"] == "keras"
    (result,) = metadata["model-index"][0]["results"]
    assert result["metrics"] == [{"type": "accuracy", "value": 0.9}]
    assert isinstance(result["dataset"]["name"], str)
    assert metadata["pipeline_tag"] == result["task"]["type"]
    assert body.startswith("\n# resnet_crop on ") and "A remark." in body


def test_the_card_says_what_the_model_is():
    text = card()
    assert "1,234,567" in text and "41.0 million" in text and "5.2 MB" in text
    assert "cat, dog: a 'good' one, #3" in text and "## Limits" in text
    assert "serving.load_classifier" in text


def test_facts_of_a_model(tmp_path):
    network = models.resnet(8, (16, 16, 3), 4)
    model = serving.serving_model(network, layers.ImagePreprocessing(16), 3)
    model.save(tmp_path / "model.keras")
    facts = model_facts(model, tmp_path / "model.keras", 16)
    assert facts["parameters"] == network.count_params() and facts["image_size"] == [16, 16]
    assert facts["multiply_adds"] == models.multiply_adds(network)
    assert facts["file_bytes"] == (tmp_path / "model.keras").stat().st_size
    assert facts["latency_ms"] > 0
    assert keras.saving.load_model(tmp_path / "model.keras").count_params() == facts["parameters"]
