"""A convolutional backbone of three stages, and images, so small that tests may train it often."""

import keras
import numpy as np

from kerasrecipes.transfer import classifier

CLASSES, BATCH = 3, 6
_random = np.random.default_rng(8)
Y = np.arange(18) % CLASSES
X = _random.normal(Y[:, None, None, None] * 0.5, 1.0, (18, 8, 8, 2)).astype("float32")
Y_VALIDATION = np.arange(9) % CLASSES
X_VALIDATION = _random.normal(Y_VALIDATION[:, None, None, None] * 0.5, 1.0, (9, 8, 8, 2)).astype(
    "float32"
)
VALIDATION = X_VALIDATION, Y_VALIDATION


def backbone():
    """Return a network of stages 8, 4 and 2 pixels wide, the same at each call."""
    keras.utils.set_random_seed(3)
    x = inputs = keras.Input((8, 8, 2))
    for stage, stride in enumerate((1, 2, 2), start=1):
        x = keras.layers.Conv2D(4, 3, stride, "same", use_bias=False, name=f"conv{stage}")(x)
        x = keras.layers.BatchNormalization(momentum=0.8, name=f"norm{stage}")(x)
        x = keras.layers.ReLU(name=f"relu{stage}")(x)
    return keras.Model(inputs, x, name="small")


def small_classifier(**options):
    return classifier(backbone(), CLASSES, **options)


def values(variables):
    """Return copies of variables as NumPy arrays."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def contents(variables):
    """Return {path: bytes}."""
    return {v.path: keras.ops.convert_to_numpy(v).tobytes() for v in variables}


def assert_close(first, second, tolerance=2e-5):
    assert len(first) == len(second)
    for one, other in zip(first, second):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
