"""A run that was stopped twice, beside one that was not."""

import contextlib
import tempfile

import keras
import numpy as np
from matplotlib import pyplot as plt

from docs_build.pictures._images import sample
from docs_build.pictures._style import GREY, ORANGE
from kerasrecipes.callbacks import Resume


def draw():
    """The losses of both runs by epoch."""
    figure, axis = plt.subplots()
    with tempfile.TemporaryDirectory() as folder:
        whole = _losses(f"{folder}/whole", [16])
        parts = _losses(f"{folder}/parts", [5, 11, 16])
    assert whole == parts
    axis.plot(whole, color=GREY, linewidth=6, alpha=0.5, label="never stopped")
    for begin, end in ((0, 5), (5, 11), (11, 16)):
        axis.plot(np.arange(begin, end), parts[begin:end], ".-", color=ORANGE)
        if begin:
            axis.axvline(begin - 0.5, color=GREY, linestyle=":")
    axis.plot([], [], ".-", color=ORANGE, label="stopped twice, resumed")
    axis.set(xlabel="epoch", ylabel="loss")
    axis.legend()
    return figure


class Kill(keras.callbacks.Callback):
    """Ends a run without warning at the beginning of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        """Raise at that epoch."""
        if epoch == self.epoch:
            raise SystemExit


def _losses(folder, ends):
    """Train up to each end in a new model; returns the losses of all epochs."""
    images, labels = sample(500)
    for end in ends:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input(images.shape[1:]), keras.layers.Flatten()])
        model.add(keras.layers.Dense(32, "relu"))
        model.add(keras.layers.Dense(10, "softmax"))
        model.compile("adam", "sparse_categorical_crossentropy")
        with contextlib.suppress(SystemExit):
            hooks = [Resume(folder, every_steps=16), Kill(end)]
            model.fit(images, labels, epochs=16, callbacks=hooks, verbose=0, shuffle=False)
    return model.history.history["loss"]
