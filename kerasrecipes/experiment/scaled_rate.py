"""`--scale-rate`: the learning rate of a larger batch, after a warm-up."""

from typing import Any

from kerasrecipes.callbacks import _rate
from kerasrecipes.callbacks._fit_callback import FitCallback

WARM_UP_EPOCHS = 5


class ScaledRate(FitCallback):
    """Multiplies the rate, whatever drives or lowers it, as a larger batch asks.

    ```
    rate(t) = schedule(t) · (1 + (k - 1) · min(1, t / w)),   k = batch size / usual batch size
    ```

    for the batch t from 0 and a warm-up of w steps: those of five epochs, or a quarter of a shorter
    training. A k below 1 needs no warm-up.

    Args:
        scale: float > 0, k.

    Reference: Goyal et al., 2017, https://arxiv.org/abs/1706.02677, with k = batch size / 256.
    """

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self._drawn = 0

    def _begin(self):
        self._drawn = 0
        _rate.begin(self.model)
        steps, epochs = self.params["steps"], self.params["epochs"]
        self._warm_up = max(1, round(steps * min(WARM_UP_EPOCHS, epochs / 4)))
        self._apply(self._factor())
        _rate.take_effect(self.model)

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_train_batch_begin(batch)
        self._apply(self._factor())

    def _end_step(self):
        self._drawn += self._model.steps_per_execution

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_end(epoch)
        if logs is not None:
            _rate.log_rates(self.model, logs)

    def _after_end(self):
        self._apply(1.0)
        _rate.release(self.model)
        _rate.take_effect(self.model)

    def get_state(self) -> dict[str, Any]:
        return {"drawn": self._drawn}

    def set_state(self, state: dict[str, Any]) -> None:
        self._drawn = state["drawn"]
        self._apply(self._factor())

    def _factor(self):
        if self.scale < 1:
            return self.scale
        return 1 + (self.scale - 1) * min(1.0, self._drawn / self._warm_up)

    def _apply(self, factor):
        for control in _rate.controls(self._trained_model):
            control.scale = factor
