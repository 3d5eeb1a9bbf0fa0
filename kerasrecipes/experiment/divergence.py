"""Stops a training that diverges, and restores the best finite weights."""

import math
import warnings

import keras
import numpy as np

from kerasrecipes.callbacks import _rate


class Divergence(keras.callbacks.Callback):
    """Ends `fit` after the epoch in which the loss became infinite or NaN.

    It then restores the weights of the epoch with the lowest validation loss (without validation:
    training loss), if an epoch of this process ended with finite losses. Place it last, so that no
    other callback changes the weights afterwards.

    Args:
        keep_going: bool, whether to train to the last epoch anyway.

    Attributes:
        sentence: str that says where training diverged and what to try; `None` if it has not.
    """

    def __init__(self, keep_going=False):
        super().__init__()
        self.keep_going = keep_going
        self.sentence = None
        self._steps = 0
        self._best = math.inf
        self._weights = None

    def on_train_begin(self, logs=None):
        self.sentence = self._weights = None
        self._steps = 0
        self._best = math.inf

    def on_train_batch_end(self, batch, logs=None):
        self._steps += 1
        loss = float((logs or {}).get("loss", 0.0))
        if self.sentence is None and not math.isfinite(loss):
            rates = _rate.rates_of_last_batch(self.model).values()
            rate = max(map(float, rates), default=math.nan)
            self.sentence = (
                f"Training diverged at step {self._steps} (loss {loss}); try a learning "
                f"rate below {rate:.3g}."
            )

    def on_epoch_end(self, epoch, logs=None):
        losses = [value for name, value in (logs or {}).items() if name.endswith("loss")]
        if self.sentence is None and all(map(math.isfinite, losses)):
            score = logs.get("val_loss", logs.get("loss", math.inf))
            if score < self._best:
                self._best, self._weights = score, self.model.get_weights()
        elif self.sentence is not None and not self.keep_going:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        if self.sentence is None:
            return
        if self._weights is not None and not self._is_finite():
            self.model.set_weights(self._weights)
            self.sentence += " The best finite weights before it are restored."
        warnings.warn(self.sentence, stacklevel=2)

    def _is_finite(self):
        return all(np.isfinite(weight).all() for weight in self.model.get_weights())
