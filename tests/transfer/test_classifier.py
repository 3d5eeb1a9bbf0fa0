import keras
import numpy as np
import pytest

from kerasrecipes import layers, models
from kerasrecipes.transfer import classifier
from tests.transfer.small_backbone import CLASSES, X, backbone, small_classifier, values


def test_is_the_backbone_pooled_and_classified():
    base = backbone()
    model = classifier(base, CLASSES)
    head = model.get_layer("classifier")
    random = np.random.default_rng(0)
    kernel, bias = random.normal(size=(4, CLASSES)), random.normal(size=CLASSES)
    head.set_weights([kernel, bias])
    scores = base.predict(X, verbose=0).astype("float64").mean(axis=(1, 2)) @ kernel + bias
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)


def test_is_flat_and_shares_the_layers():
    base = backbone()
    model = classifier(base, CLASSES, dropout=0.2)
    assert model.layers[: len(base.layers)] == base.layers
    assert [type(layer).__name__ for layer in model.layers[len(base.layers) :]] == [
        "GlobalAveragePooling2D",
        "Dropout",
        "Dense",
    ]
    assert model.name == "small_classifier"
    assert models.stages(model) == models.stages(base) == ["relu1", "relu2", "relu3"]


def test_begins_undecided():
    np.testing.assert_allclose(small_classifier().predict(X, verbose=0), 1 / CLASSES, rtol=1e-6)


def test_stage_leaves_out_what_comes_after():
    model = small_classifier(stage="relu2")
    assert model.get_layer("classifier_pool").input.shape == (None, 4, 4, 4)
    assert "conv3" not in [layer.name for layer in model.layers]


def test_flat_features_are_classified_as_they_are():
    inputs = keras.Input((8, 8, 2))
    pooled = keras.layers.GlobalMaxPooling2D()(keras.layers.Conv2D(5, 3)(inputs))
    model = classifier(keras.Model(inputs, pooled), 2)
    assert [type(layer).__name__ for layer in model.layers][-2:] == ["GlobalMaxPooling2D", "Dense"]


def test_class_names_travel_in_the_file(tmp_path):
    model = classifier(backbone(), ["ant", "bee", "cat"], dropout=0.1)
    assert isinstance(model.layers[-1], layers.ClassNames)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[-1].class_names == ("ant", "bee", "cat")
    for one, other in zip(values(loaded.weights), values(model.weights)):
        np.testing.assert_array_equal(one, other)


def test_probabilities_are_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = classifier(backbone(), ["ant", "bee", "cat"])
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.output.dtype == "float32"
    assert model.get_layer("relu3").output.dtype == "bfloat16"


@pytest.mark.parametrize(
    "error, arguments, message",
    [
        (ValueError, {"backbone": "resnet"}, "`backbone` must be a functional"),
        (ValueError, {"backbone": keras.Sequential([])}, "`backbone` must be built"),
        (ValueError, {"classes": 1}, r"`classes` must be in \[2, inf\)"),
        (TypeError, {"classes": 2.5}, "`classes` must be an integer"),
        (ValueError, {"classes": ["one"]}, "`classes`"),
        (ValueError, {"dropout": 1.0}, "`dropout`"),
        (ValueError, {"stage": "block9"}, "`stage` must be the name of a layer of small"),
    ],
)
def test_bad_arguments(error, arguments, message):
    with pytest.raises(error, match=message):
        classifier(**{"backbone": backbone(), "classes": 3, **arguments})
