"""A range test on the sample."""

import keras
import numpy as np
from matplotlib import pyplot as plt

from docs_build.pictures._images import sample
from docs_build.pictures._style import ORANGE
from kerasrecipes.callbacks import LearningRateFinder


def draw():
    """The losses that the finder recorded, and its suggestion."""
    keras.utils.set_random_seed(0)
    images, labels = sample(2000)
    model = keras.Sequential([keras.Input(images.shape[1:]), keras.layers.Flatten()])
    model.add(keras.layers.Dense(64, "relu"))
    model.add(keras.layers.Dense(10))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(momentum=0.9), loss)
    finder = LearningRateFinder(1e-5, 10, steps=160)
    model.fit(images, labels, epochs=10, batch_size=64, callbacks=[finder], verbose=0)
    figure, axis = plt.subplots()
    axis.plot(finder.rates, finder.losses)
    axis.axvline(finder.suggestion, color=ORANGE, linestyle=":")
    axis.annotate(f"suggestion: {finder.suggestion:.2g}", (finder.suggestion, 3), (5, 0),
                  textcoords="offset points")  # fmt: skip
    axis.set(xscale="log", xlabel="learning rate", ylabel="loss")
    axis.set(ylim=(0, min(5, 1.3 * np.max(finder.losses))))
    return figure
