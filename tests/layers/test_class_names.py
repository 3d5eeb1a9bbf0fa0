"""Names that travel with a model, through files too."""

import keras
import numpy as np
import pytest

from kerasrecipes.layers import ClassNames

NAMES = ["ant", "caf\udce9", "$x_1$", "white space", "日本"]


def test_names_travel_through_a_file_and_values_are_untouched(tmp_path):
    inputs = keras.Input((5,))
    model = keras.Model(inputs, ClassNames(NAMES, name="names")(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("names").class_names == tuple(NAMES)
    x = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), x)


def test_a_type_of_its_own_keeps_float32_under_mixed_precision():
    inputs = keras.Input((2,), dtype="float32")
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        output = ClassNames(["a", "b"], dtype="float32")(inputs)
    finally:
        keras.config.set_dtype_policy(before)
    assert keras.backend.standardize_dtype(output.dtype) == "float32"


@pytest.mark.parametrize(
    "names, error, match",
    [
        ("ab", TypeError, "list of strings.*Received"),
        ([1, 2], TypeError, "list of strings.*Received"),
        (["a"], ValueError, r"\[2, inf\).*Received"),
        (["a", "b", "a"], ValueError, "duplicates.*Received"),
    ],
)
def test_bad_names(names, error, match):
    with pytest.raises(error, match=match):
        ClassNames(names)


def test_the_number_of_names_is_the_number_of_classes():
    with pytest.raises(ValueError, match=r"2\. Received: inputs.shape=\(None, 3\)"):
        ClassNames(["a", "b"])(keras.Input((3,)))
