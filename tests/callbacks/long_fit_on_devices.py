"""Ten minutes of a fit with everything on, on two devices: see `test_flat_memory.py`.

`python long_fit_on_devices.py FOLDER` prints what memory and open files grew by. On TensorFlow two
replicas train, on JAX two devices or, where the environment names them, two processes.
"""

import pathlib
import sys
import warnings

import keras

from kerasrecipes._backend import processes
from kerasrecipes._backend.devices import data_parallel, mirrored
from kerasrecipes.callbacks import Resume
from tests.callbacks.small_fit import STEPS, small_model
from tests.callbacks.test_flat_memory import (
    MEGABYTES_A_MINUTE,
    Watch,
    everything,
    long_fit,
)

# Measured: 22 in two processes of JAX, at 73 epochs a minute, and 32 on two devices. When each
# state that was sent compiled a program of its own, 96.
KILOBYTES_AN_EPOCH = 50

if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    processes.join()
    if keras.backend.backend() == "tensorflow":
        with mirrored(2).scope():
            model = small_model()
    else:
        keras.distribution.set_distribution(data_parallel(2))
        model = small_model()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`every_steps")
        resume = Resume(folder / "state", every_steps=2 * STEPS)
    megabytes, kilobytes, files = long_fit(Watch(), [*everything(), resume], model)
    assert megabytes < MEGABYTES_A_MINUTE or kilobytes < KILOBYTES_AN_EPOCH
    assert files <= 1
