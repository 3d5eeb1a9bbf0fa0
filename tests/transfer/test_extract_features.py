"""Features are those of a plain forward pass, averaged over positions by NumPy."""

import keras
import numpy as np
import pytest

from kerasrecipes import models, transfer
from kerasrecipes.transfer.extract_features import _number_of_batches

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(7, 16, 16, 3)).astype("float32")
LABELS = np.array([0, 1, 2, 0, 1, 2, 0])


@pytest.fixture(scope="module")
def model():
    network = models.resnet(8, (16, 16, 3), 3, seed=0)
    rng = np.random.default_rng(1)
    network.set_weights([w + abs(rng.normal(size=w.shape)) * 0.1 for w in network.get_weights()])
    return network


def stages(model):
    return [layer.name for layer in model.layers if len(layer.output.shape) == 4][4::6]


def expected(model, name, images):
    part = keras.Model(model.inputs, model.get_layer(name).output)
    out = keras.ops.convert_to_numpy(part(images, training=False))
    return out.mean(axis=(1, 2)) if out.ndim == 4 else out


def test_every_stage_from_one_pass(model):
    names = stages(model)
    assert len(names) > 2
    before = [w.copy() for w in model.get_weights()]
    features, labels = transfer.extract_features(model, (IMAGES, LABELS), names, batch_size=3)
    assert list(features) == names
    for name in names:
        assert features[name].dtype == "float32"
        np.testing.assert_allclose(
            features[name], expected(model, name, IMAGES), rtol=1e-4, atol=1e-5
        )
    np.testing.assert_array_equal(labels, LABELS)
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_the_form_of_the_data_is_kept(model):
    weights = np.linspace(0, 1, 7)
    alone = transfer.extract_features(model, IMAGES, batch_size=4)
    assert alone.shape == (7, 3)
    features, labels, back = transfer.extract_features(model, (IMAGES, LABELS, weights))
    np.testing.assert_allclose(features, alone, atol=1e-6)
    np.testing.assert_array_equal(back, weights)
    batches = ((IMAGES[i : i + 2], LABELS[i : i + 2]) for i in range(0, 7, 2))
    features, labels = transfer.extract_features(model, batches)
    np.testing.assert_allclose(features, alone, atol=1e-6)
    np.testing.assert_array_equal(labels, LABELS)


def test_dropout_is_off_and_half_precision_is_averaged_in_float32():
    inputs = keras.Input((40, 40, 2), dtype="float32")
    outputs = keras.layers.Dropout(0.5)(inputs)
    outputs = keras.layers.Activation("linear", dtype="float16")(outputs)
    images = RNG.uniform(100, 110, size=(2, 40, 40, 2)).astype("float32")
    features = transfer.extract_features(keras.Model(inputs, outputs), images)
    exact = images.astype("float16").astype("float64").mean(axis=(1, 2))
    np.testing.assert_allclose(features, exact, rtol=1e-5)


def test_the_number_of_batches_is_known_beforehand():
    tf = pytest.importorskip("tensorflow")
    x = np.zeros((5, 4))
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(2)
    cases = [(x, 3), ((x, x), 3), (dataset, 3), (dataset.repeat(), None), ([x, x], 2)]
    cases += [((batch for batch in [x]), None), (dataset.filter(lambda batch: True), None)]
    for data, expected in cases:
        assert _number_of_batches(data, 2) == expected


def test_a_dataset_of_batches(model):
    tf = pytest.importorskip("tensorflow")
    dataset = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).batch(4)
    features, labels = transfer.extract_features(model, dataset)
    np.testing.assert_allclose(features, transfer.extract_features(model, IMAGES), atol=1e-6)
    np.testing.assert_array_equal(labels, LABELS)
    with pytest.raises(ValueError, match="must be finite.*infinite"):
        transfer.extract_features(model, dataset.repeat())


@pytest.mark.parametrize(
    "change, words",
    [
        ({"stages": ["nowhere"]}, "nowhere"),
        ({"stages": []}, "stages="),
        ({"stages": "conv"}, "stages='conv'"),
        ({"data": (IMAGES, LABELS[:-1])}, "6"),
        ({"data": []}, "none"),
        ({"batch_size": 0}, "batch_size=0"),
    ],
)
def test_bad_arguments(model, change, words):
    with pytest.raises(ValueError, match=words):
        transfer.extract_features(**{"model": model, "data": IMAGES, **change})


def nested(model):
    """The model inside two others, of which the second one is returned."""
    body = keras.Model(model.inputs, model.get_layer(stages(model)[-1]).output, name="body")
    keras.Sequential([keras.Input((16, 16, 3)), body])
    head = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3)]
    return keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Rescaling(0.5), body, *head])


def test_a_nested_model_that_another_one_has_too(model):
    whole = nested(model)
    assert models.stages(whole) == ["body"]
    features = transfer.extract_features(whole, (IMAGES, LABELS), ["body"])[0]["body"]
    alone = transfer.extract_features(whole.get_layer("body"), 0.5 * IMAGES)
    np.testing.assert_allclose(features, alone, rtol=1e-4, atol=1e-5)
    top = transfer.classifier(whole, 3, stage="body")
    size = abs(features).max()
    top.get_layer("classifier").set_weights([np.eye(features.shape[1], 3) / size, np.zeros(3)])
    scores = np.exp(features[:, :3] / size)
    expected = scores / scores.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(top.predict(IMAGES, verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_a_nested_model_is_probed(model):
    pytest.importorskip("sklearn")
    probe = transfer.linear_probe(nested(model), (IMAGES, LABELS), folds=2)
    assert [one.stage for one in probe.stages] == ["body"]


@pytest.mark.parametrize("use", [transfer.extract_features, transfer.linear_probe])
def test_a_model_that_is_not_built_says_what_to_do(use):
    unbuilt = keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.Dense(3)])
    with pytest.raises(ValueError, match="must be built: begin it with keras.Input"):
        use(unbuilt, (IMAGES, LABELS))
