"""A warning shows the line of the user's code, also from within `fit`."""

import warnings

import keras
import numpy as np

from kerasrecipes import _warning, data
from kerasrecipes.callbacks import Resume
from kerasrecipes.layers import Whitening


def test_a_warning_is_of_the_line_that_calls_fit(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    resume = Resume(tmp_path, every_steps=1)  # its `step` is not read, which warns in `fit`
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0, callbacks=[resume])
    (warning,) = [one for one in caught if "every_steps" in str(one.message)]
    assert warning.filename == __file__ and warning.category is UserWarning


def lines_of(words, function):
    """Return the file of each warning that has these words."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function()
    return [one.filename for one in caught if words in str(one.message)]


def test_a_warning_of_a_layer_is_of_the_line_that_calls_it_or_the_model():
    x = np.ones((4, 3), "float32")
    files = lines_of("no effect before", lambda: Whitening()(x))
    model = keras.Sequential([keras.Input((3,)), Whitening()])
    files += lines_of("no effect before", lambda: model.predict(x, verbose=0))
    assert len(files) >= 2 and set(files) == {__file__}


def test_a_warning_from_deep_in_the_data_is_of_the_line_that_loads(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (22, 4, 4), "uint8")
    labels = np.arange(22) % 2
    np.savez(
        tmp_path / "few.npz",
        x_train=pixels[:12], y_train=labels[:12], x_test=pixels[12:], y_test=labels[12:],
    )  # fmt: skip
    files = lines_of("fewer than 10", lambda: data.load(tmp_path / "few.npz"))
    assert files == [__file__]


def test_where_all_code_is_of_the_package_it_warns_all_the_same(monkeypatch):
    monkeypatch.setattr(_warning, "FOLDERS", "/")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _warning.warn("words")
    assert [str(one.message) for one in caught] == ["words"]
