"""Three dense layers by name, and data, so small that a test may train them often."""

import keras
import numpy as np

_random = np.random.default_rng(4)
X = _random.normal(size=(8, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def network(optimizer):
    """Return a compiled network, the same at each call."""
    keras.utils.set_random_seed(2)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, use_bias=False, name="early"),
            keras.layers.Dense(4, use_bias=False, name="middle"),
            keras.layers.Dense(1, use_bias=False, dtype="float32", name="late"),
        ]
    )
    model.compile(optimizer, "mse", jit_compile=False)
    return model


def fit(model, epochs, callbacks=()):
    return model.fit(
        X, Y, batch_size=4, epochs=epochs, shuffle=False, verbose=0, callbacks=list(callbacks)
    )


def values(variables):
    """Return copies of variables as NumPy arrays."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]
