"""Overfitting on few images of the sample, and the epoch that is kept."""

import keras
from matplotlib import pyplot as plt

from docs_build.pictures._images import sample
from docs_build.pictures._style import ORANGE
from kerasrecipes.callbacks import BestSnapshot

PATIENCE = 12


def draw():
    """Both losses of a training that stops by patience."""
    keras.utils.set_random_seed(0)
    images, labels = sample(700)
    model = keras.Sequential([keras.Input(images.shape[1:]), keras.layers.Flatten()])
    model.add(keras.layers.Dense(128, "relu"))
    model.add(keras.layers.Dense(10, "softmax"))
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    best = BestSnapshot("val_loss", patience=PATIENCE)
    made = model.fit(images[:400], labels[:400], validation_data=(images[400:], labels[400:]),
                     epochs=80, batch_size=64, callbacks=[best], verbose=0)  # fmt: skip
    figure, axis = plt.subplots()
    axis.plot(made.history["loss"], label="training")
    axis.plot(made.history["val_loss"], label="validation")
    axis.axvline(best.best_epoch, color=ORANGE, linestyle=":")
    axis.annotate("the best: kept", (best.best_epoch, 1.2), (-4, 0), ha="right",
                  textcoords="offset points")  # fmt: skip
    axis.set(xlabel=f"epoch; it ends {PATIENCE} after the best", ylabel="loss")
    axis.legend()
    return figure
