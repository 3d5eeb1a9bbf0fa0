"""Stops a training that diverges, and restores the best finite weights."""

import math
import threading
from typing import Any

import numpy as np

from kerasrecipes._warning import warn
from kerasrecipes.callbacks import _rate, _training_state
from kerasrecipes.callbacks._fit_callback import FitCallback

_lock = threading.Lock()  # of the module: a callback can be copied, a lock cannot


class Divergence(FitCallback):
    """Ends `fit` after the epoch in which the loss became infinite or NaN.

    It then restores the weights of the epoch with the lowest validation loss (without validation:
    training loss), if an epoch ended with finite losses, in this process or one that it resumes.

    Args:
        keep_going: bool, whether to train to the last epoch anyway. Defaults to `False`.

    Attributes:
        sentence: str that says where training diverged and what to try; `None` if it has not.
    """

    # Keras calls `on_train_batch_end` with numbers that it has fetched on another thread.
    async_safe = True

    def __init__(self, keep_going: bool = False) -> None:
        super().__init__()
        self.keep_going = keep_going
        self._begin()

    def _begin(self):
        self.sentence = None
        self._best, self._weights = math.inf, None
        self._steps = 0  # of epochs before this one, and of its part before a resume
        self._steps_begun, self._last_batch = 0, -1  # of this epoch
        self._diverged = None  # (step, loss)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        loss, step = float((logs or {}).get("loss", 0.0)), self._steps + batch + 1
        with _lock:  # batches may arrive at the same time, and a later one first
            self._last_batch = max(self._last_batch, batch)
            is_first = self._diverged is None or step < self._diverged[0]
            if is_first and not math.isfinite(loss):
                self._diverged = step, loss

    def _end_step(self):
        self._steps_begun += self._model.steps_per_execution

    def _end_steps(self):
        self._steps += self._last_batch + 1
        self._steps_begun, self._last_batch = 0, -1
        if self._diverged is None or self.sentence is not None:
            return
        step, loss = self._diverged
        rates = _rate.rates_of_last_batch(self.model, steps_before=max(self._steps - step, 0))
        rate = max(map(float, rates.values()), default=math.nan)
        self.sentence = (
            f"Training diverged at step {step} (loss {loss}); try a learning rate below {rate:.3g}."
        )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_end(epoch)
        logs = logs or {}
        losses = [value for name, value in logs.items() if name.endswith("loss")]
        if self.sentence is not None:
            if not self.keep_going:
                self.model.stop_training = True
        elif all(map(math.isfinite, losses)):
            score = logs.get("val_loss", logs.get("loss", math.inf))
            if score < self._best:
                self._best, self._weights = score, self.model.get_weights()

    def _after_end(self):
        if self.sentence is None:
            return
        model = self._trained_model
        if self._weights is not None and not _is_finite(model):
            model.set_weights(self._weights)
            self.sentence += " The best finite weights before it are restored."
        warn(self.sentence)

    def get_state(self) -> dict[str, Any]:
        weights = self._weights or []
        return {
            "steps": self._steps + self._steps_begun,
            "best": self._best,
            "diverged": self._diverged,
            "sentence": self.sentence,
            **{f"weights/{i}": weight for i, weight in enumerate(weights)},
        }

    def set_state(self, state: dict[str, Any]) -> None:
        self._steps, self._best, self.sentence = state["steps"], state["best"], state["sentence"]
        self._diverged = tuple(state["diverged"]) if state["diverged"] else None
        weights = _training_state.with_prefix("weights/", state)
        self._weights = [weights[str(i)] for i in range(len(weights))] or None


def _is_finite(model):
    return all(np.isfinite(weight).all() for weight in model.get_weights())
