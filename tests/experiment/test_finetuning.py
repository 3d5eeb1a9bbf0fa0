"""The end of a fine-tuning: words on how good it is, the temperature, the model that serves."""

import keras
import numpy as np
import pytest

from kerasrecipes import augment, data, evaluation, experiment, serving, transfer
from kerasrecipes.evaluation.how_good import wilson_interval


def test_the_interval_is_that_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    for right, count in ((0, 5), (3, 14), (14, 14), (913, 1000)):
        oracle = stats.binomtest(right, count).proportion_ci(method="wilson")
        np.testing.assert_allclose(wilson_interval(right, count), oracle, rtol=1e-6, atol=1e-9)


def test_how_good_has_the_accuracy_and_its_confidence_interval():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    result = evaluation.TestResult("t", 1, probabilities, np.array([0, 0, 1, 1]), 1.0)
    words = evaluation.how_good(result)
    assert "3 of 4 test images" in words and "75.0%" in words and "30% to 95%" in words


def test_the_temperature_of_cross_validation_is_that_of_fit_temperature():
    pytest.importorskip("scipy")
    from kerasrecipes.inference import fit_temperature

    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 90)
    x = rng.normal(y[:, None, None, None], 2.0, (90, 1, 1, 4)).astype("float32")
    inputs = keras.Input((1, 1, 4))
    network = keras.Model(inputs, keras.layers.Identity(name="whole")(inputs))
    probe = transfer.linear_probe(network, (x, y), stages=["whole"])
    model = transfer.classifier(network, 3)
    model.get_layer("classifier").set_weights([probe.best.kernel, probe.best.bias])
    calibrated, sentence = experiment.with_temperature(model, probe)
    expected = fit_temperature(np.exp(probe.best.left_out), y)
    assert f"{expected:.3f}" in sentence and "90 cross-validation predictions" in sentence
    raised = model.predict(x, verbose=0).astype("float64") ** (1 / expected)
    raised /= raised.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(calibrated.predict(x, verbose=0), raised, atol=1e-5)
    batches = [(x[:50], y[:50]), (x[50:], y[50:])]
    _, sentence = experiment.with_temperature(model, batches)
    own = fit_temperature(model.predict(x, verbose=0), y)
    assert f"{own:.3f}" in sentence and "validation" in sentence
    unchanged, sentence = experiment.with_temperature(model, [(x[:49], y[:49])])
    assert unchanged is model and "49 validation predictions are too few" in sentence


@pytest.mark.filterwarnings("ignore:.*fewer than 10")
@pytest.mark.parametrize("channels", [1, 3])
def test_the_served_model_is_the_crop_and_the_model(channels):
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (6, 20, 30, channels)).astype("uint8")
    others = 255 - pixels[:2]
    images = data.load((pixels, np.arange(6) % 2, others, np.array([0, 1])))
    network = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])
    crop = augment.CenterCrop(8, 9, channels=3)
    served = serving.serving_classifier(network, crop, images)
    assert served.input_shape == (None, None, None, channels)
    crops = np.stack([np.asarray(crop(image)) for image in pixels])
    np.testing.assert_allclose(served.predict(pixels, verbose=0), crops.reshape(6, -1), atol=0.01)
