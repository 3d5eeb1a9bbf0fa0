import keras
import numpy as np
import pytest

from kerasrecipes.inference import Ensemble


def network(name="network", units=3, dropout=0.0):
    return keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(7, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(units, activation="softmax"),
        ],
        name=name,
    )


X = np.random.default_rng(0).normal(size=(11, 5)).astype("float32")


@pytest.mark.traced
def test_averages_the_softmax_and_survives_a_file(tmp_path):
    members = [network(), network(), network("other")]
    members[0].compile("adam", "sparse_categorical_crossentropy")
    ensemble = Ensemble(members)
    expected = np.mean([member.predict(X, verbose=0).astype("float64") for member in members], 0)
    np.testing.assert_allclose(ensemble.predict(X, verbose=0), expected, atol=1e-6)
    ensemble.save(tmp_path / "ensemble.keras")
    restored = keras.models.load_model(tmp_path / "ensemble.keras")
    assert isinstance(restored, Ensemble) and len(restored.models) == 3
    np.testing.assert_allclose(restored.predict(X, verbose=0), expected, atol=1e-6)
    assert (ensemble.input_shape, ensemble.output_shape) == ((None, 5), (None, 3))


@pytest.mark.traced
def test_evaluates_nests_and_is_a_layer_of_another_model():
    members = [network(), network()]
    ensemble = Ensemble([Ensemble(members), network()])
    ensemble.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    labels = ensemble.predict(X, verbose=0).argmax(axis=1)
    assert ensemble.evaluate(X, labels, return_dict=True, verbose=0)["accuracy"] == 1.0
    inputs = keras.Input((5,))
    functional = keras.Model(inputs, Ensemble(members)(inputs))
    np.testing.assert_allclose(
        functional.predict(X, verbose=0), Ensemble(members).predict(X, verbose=0), atol=1e-6
    )


def test_half_precision_members_are_averaged_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        members = [network(), network()]
    finally:
        keras.config.set_dtype_policy("float32")
    outputs = Ensemble(members)(X)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"


@pytest.mark.parametrize(
    "models, error",
    [
        (list, ValueError),
        (lambda: network(), TypeError),
        (lambda: [network(), "model"], TypeError),
        (lambda: [network(), network(units=4)], ValueError),
        (lambda: [keras.Sequential([keras.layers.Dense(3)])], ValueError),
    ],
)
def test_bad_input(models, error):
    with pytest.raises(error, match="`models`.*Received"):
        Ensemble(models())
