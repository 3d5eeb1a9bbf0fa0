"""A warning shows the line of the user's code, also from within `fit`."""

import warnings

import keras
import numpy as np

from kerasrecipes import _warning
from kerasrecipes.callbacks import Resume


def test_a_warning_is_of_the_line_that_calls_fit(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    resume = Resume(tmp_path, every_steps=1)  # its `step` is not read, which warns in `fit`
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0, callbacks=[resume])
    (warning,) = [one for one in caught if "every_steps" in str(one.message)]
    assert warning.filename == __file__ and warning.category is UserWarning


def test_where_all_code_is_of_the_package_it_warns_all_the_same(monkeypatch):
    monkeypatch.setattr(_warning, "FOLDERS", "/")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _warning.warn("words")
    assert [str(one.message) for one in caught] == ["words"]
