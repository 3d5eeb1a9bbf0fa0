"""The rate that `PlateauFactor` makes of a loss."""

import keras
import numpy as np
from matplotlib import pyplot as plt

from docs_build.pictures._style import BLUE, ORANGE
from kerasrecipes.callbacks import PlateauFactor

FLOORS = {0.1: 1.0, 0.01: 0.6, 0.001: 0.45}


class Settling(keras.callbacks.Callback):
    """Puts a loss into the logs that nears a floor, which is lower for a lower rate."""

    loss = 3.0

    def on_epoch_end(self, epoch, logs=None):
        """Write the loss of this epoch."""
        rate = round(float(self.model.optimizer.learning_rate), 6)
        self.loss += 0.4 * (FLOORS.get(rate, 0.4) - self.loss)
        logs["val_loss"] = self.loss


def draw():
    """The loss with its plateaus, and the rate."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    plateau = PlateauFactor("val_loss", factor=0.1, patience=4, min_delta=0.01)
    x, settling = np.zeros((1, 1)), Settling()
    made = model.fit(x, x, epochs=34, callbacks=[settling, plateau], verbose=0)
    losses = made.history["val_loss"]
    figure, (above, below) = plt.subplots(2, 1, figsize=(7.2, 3.4), sharex=True)
    above.plot(losses, color=BLUE)
    above.set(ylabel="validation loss")
    below.step(range(len(losses)), made.history["learning_rate"], color=ORANGE, where="post")
    below.set(ylabel="learning rate", xlabel="epoch", yscale="log")
    return figure
