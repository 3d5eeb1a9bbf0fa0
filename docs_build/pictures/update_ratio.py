"""The ratio of updates to weights for three learning rates."""

import keras
import numpy as np
from matplotlib import pyplot as plt

from docs_build.pictures._images import sample
from docs_build.pictures._style import GREEN
from kerasrecipes.callbacks import UpdateRatio
from kerasrecipes.callbacks.update_ratio import HIGH, LOW


def draw():
    """The ratios of the three kernels of a network, in three epochs, at three rates."""
    images, labels = sample(2000)
    figure, axes = plt.subplots(1, 3, sharey=True)
    for axis, rate in zip(axes, (1e-4, 1e-2, 0.5)):
        records = ratios(images, labels, rate).records
        for i, name in enumerate(("first", "second", "last")):
            values = [list(record.values())[i] for record in records.values()]
            axis.plot(list(records), values, label=f"{name} layer")
        axis.axhspan(LOW, HIGH, color=GREEN, alpha=0.12)
        axis.set(yscale="log", xlabel="step", title=f"rate {rate:g}")
    axes[0].set_ylabel("‖update‖ / ‖weights‖")
    axes[0].legend(fontsize=7)
    return figure


def ratios(images, labels, rate):
    """Train for three epochs; return the callback."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(images.shape[1:]), keras.layers.Flatten()])
    model.add(keras.layers.Rescaling(1 / np.max(images)))
    for units in (64, 64):
        model.add(keras.layers.Dense(units, "relu"))
    model.add(keras.layers.Dense(10))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(rate), loss)
    measured = UpdateRatio(every_steps=5)
    model.fit(images, labels, epochs=3, batch_size=20, callbacks=[measured], verbose=0)
    return measured
