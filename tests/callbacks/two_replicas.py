"""Every callback on one device and on two TensorFlow replicas: see `test_two_replicas.py`."""

import pathlib
import tempfile

import keras
import numpy as np

from kerasrecipes import callbacks
from kerasrecipes._backend.devices import mirrored
from tests.callbacks.contract_table import CONTRACT
from tests.callbacks.small_fit import VALIDATION, fit

STRATEGY = None


def model_of():
    """A model without noise and without statistics of a batch, which a replica has half of."""
    keras.utils.set_random_seed(1)
    layers = [keras.Input((4,)), keras.layers.Dense(5, "relu"), keras.layers.LayerNormalization()]
    model = keras.Sequential([*layers, keras.layers.Dense(3, dtype="float32")])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss, metrics=["accuracy"])
    return model


def compare(name, make):
    """Raise unless history and weights on two replicas equal those on one device."""
    model = model_of()
    expected = fit(model, callbacks=make()).history
    with STRATEGY.scope():
        model_on_two = model_of()
    result = fit(model_on_two, callbacks=make()).history
    assert result.keys() == expected.keys(), name
    for key, values in expected.items():
        np.testing.assert_allclose(result[key], values, atol=1e-5, err_msg=f"{name}: {key}")
    for one, other in zip(model_on_two.get_weights(), model.get_weights()):
        np.testing.assert_allclose(one, other, atol=1e-5, err_msg=name)
    for variable in model_on_two.variables:
        first, second = STRATEGY.experimental_local_results(variable.value)
        np.testing.assert_array_equal(first, second, err_msg=f"{name}: {variable.path}")


def cycles_and_snapshots():
    sgdr = callbacks.SGDR(0.1, 1, 1)
    return [sgdr, callbacks.SnapshotEnsemble(sgdr, from_logits=True)]


def best_inside_epochs(folder):
    """The best of averages, validated inside epochs, in a run with states."""
    best = callbacks.BestSnapshot("val_loss", every_steps=2, validation_data=VALIDATION)
    return [callbacks.Resume(folder), best, callbacks.PolyakAveraging(0.9)]


if __name__ == "__main__":
    assert keras.backend.backend() == "tensorflow"
    STRATEGY = mirrored(2)
    for name, row in CONTRACT.items():
        compare(name, lambda row=row: [row.make(pathlib.Path(tempfile.mkdtemp()))])
    compare("SGDR with SnapshotEnsemble", cycles_and_snapshots)
    compare("BestSnapshot inside epochs", lambda: best_inside_epochs(tempfile.mkdtemp()))
