"""Temperature scaling against a float64 softmax."""

import keras
import numpy as np
import pytest

from kerasrecipes.layers import TemperatureScaling
from tests.softmax import softmax


@pytest.mark.parametrize("temperature", [0.3, 1, 4.0])
def test_scores_and_the_probabilities_they_give_are_scaled_alike(temperature):
    scores = np.random.default_rng(0).normal(0, 5, (6, 7))
    expected = softmax(scores / temperature)
    of_scores = TemperatureScaling(temperature, from_logits=True)(scores.astype("float32"))
    of_shares = TemperatureScaling(temperature)(softmax(scores).astype("float32"))
    for ours in (of_scores, of_shares):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(ours), expected, atol=2e-6)


def test_a_probability_of_zero_stays_finite_and_last():
    x = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]], "float32")
    y = keras.ops.convert_to_numpy(TemperatureScaling(4.0)(x))
    assert np.isfinite(y).all() and y[0, 0] > 0.999 and y[1, 2] < 1e-8
    np.testing.assert_allclose(y.sum(axis=1), 1, atol=1e-6)


def test_float64_is_computed_in_float64():
    scores = np.random.default_rng(1).normal(size=(4, 5))
    layer = TemperatureScaling(1.7, dtype="float64")
    shares = keras.ops.convert_to_tensor(softmax(scores), "float64")
    ours = keras.ops.convert_to_numpy(layer(shares))
    tolerance = 1e-6 if keras.backend.backend() == "jax" else 1e-14  # float64 is off there
    np.testing.assert_allclose(ours, softmax(scores / 1.7), atol=tolerance)


@pytest.mark.parametrize(
    "arguments, error",
    [
        ({"temperature": 0.0}, ValueError),
        ({"temperature": "hot"}, TypeError),
        ({"from_logits": 1}, TypeError),
        ({"axis": 1.0}, TypeError),
    ],
)
def test_bad_options(arguments, error):
    with pytest.raises(error, match=f"`{next(iter(arguments))}`.*Received"):
        TemperatureScaling(**arguments)
