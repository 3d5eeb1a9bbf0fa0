"""A script that leaves an iterator over a Python source behind exits all the same."""

import subprocess
import sys
import textwrap

import pytest

SOURCE = """
    import time
    import numpy as np
    from kerasrecipes import augment

    class Images:
        def __len__(self):
            return 100

        def __getitem__(self, index):
            time.sleep(0.05)
            return np.zeros((8, 8, 3), "uint8"), index % 3

    batches = augment.pipeline(Images(), [augment.CenterCrop(8)], 4, training=True)
"""
LEFT_BEHIND = "iterator = iter(batches)\nnext(iterator)"
RAISED = """
    import keras

    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(batches, steps_per_epoch=25, callbacks=[Stop()], verbose=0)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "end, status", [(LEFT_BEHIND, 0), (RAISED, -2)], ids=["left_behind", "raised"]
)
def test_a_script_exits(end, status):
    script = textwrap.dedent(SOURCE) + textwrap.dedent(end)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == status, done.stderr[-2000:]
