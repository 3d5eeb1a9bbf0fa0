"""A model and data so small that a test may train them many times."""

import keras
import numpy as np

STEPS, BATCH = 5, 4
_random = np.random.default_rng(5)
X = _random.normal(size=(STEPS * BATCH, 4)).astype("float32")
Y = _random.integers(0, 3, STEPS * BATCH)
VALIDATION = _random.normal(size=(8, 4)).astype("float32"), _random.integers(0, 3, 8)


def small_model(dropout=0.1, **compile_options):
    """Return a compiled network with normalisation and dropout, the same at each call."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, use_bias=False),
            keras.layers.BatchNormalization(momentum=0.8),
            keras.layers.Dropout(dropout, seed=2),
            keras.layers.Dense(3, dtype="float32"),
        ]
    )
    options = {
        "optimizer": keras.optimizers.SGD(0.5, momentum=0.9),
        "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "metrics": ["accuracy"],
        "jit_compile": False,
    }
    model.compile(**{**options, **compile_options})
    return model


def fit(model, epochs=3, callbacks=(), validation=True, **options):
    """Train without shuffling and return `History`."""
    return model.fit(
        X,
        Y,
        batch_size=BATCH,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        validation_data=VALIDATION if validation else None,
        callbacks=list(callbacks),
        **options,
    )


def values(variables):
    """Return copies of variables as NumPy arrays."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def assert_same(first, second):
    """Raise unless two lists of arrays are equal to the bit."""
    assert len(first) == len(second)
    for one, other in zip(first, second):
        np.testing.assert_array_equal(one, other)


def assert_close(first, second):
    """Raise unless two lists of arrays are equal up to the rounding of float32."""
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


class Kill(Exception):
    pass


class KillAt(keras.callbacks.Callback):
    """End the training as a kill would, before a step, and count the steps."""

    def __init__(self, step):
        super().__init__()
        self.step, self.steps = step, 0

    def on_train_batch_begin(self, batch, logs=None):
        if self.steps == self.step:
            raise Kill
        self.steps += 1


class Act(keras.callbacks.Callback):
    """Call a function before a batch, by default in the middle of an epoch."""

    def __init__(self, epoch, action, batch=2):
        super().__init__()
        self.epoch, self.action, self.batch = epoch, action, batch
        self.now, self.batches = -1, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.now, self.batches = epoch, 0

    def on_train_batch_begin(self, batch, logs=None):
        self.batches += 1
        if self.now == self.epoch and batch == self.batch:
            self.action()
