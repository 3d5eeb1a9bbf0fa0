"""The range test: which learning rates a model can be trained with."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes._backend.random_state import get_random_state, set_random_state
from kerasrecipes._validation import check_integer, check_number
from kerasrecipes._warning import warn
from kerasrecipes.callbacks import _rate, _training_state
from kerasrecipes.callbacks._fit_callback import FitCallback
from kerasrecipes.callbacks.best_snapshot import BestSnapshot
from kerasrecipes.callbacks.plateau_factor import PlateauFactor
from kerasrecipes.callbacks.polyak_averaging import PolyakAveraging
from kerasrecipes.callbacks.resume import Resume
from kerasrecipes.callbacks.sgdr import SGDR
from kerasrecipes.callbacks.snapshot_ensemble import SnapshotEnsemble
from kerasrecipes.callbacks.weight_average import WeightAverage

SETTLING = 10  # batches after which the smoothed loss is no longer a few batches' luck


class LearningRateFinder(FitCallback):
    """Raises the rate from tiny to huge, batch by batch, and records the loss.

    ```
    rate_i   = min_learning_rate · (max_learning_rate / min_learning_rate)^(i / (steps - 1))
    smooth_i = (s · a_(i-1) + (1 - s) · loss_i) / (1 - s^(i+1)),   a the running sum
    ```

    for the update i; one that a loss scale skips counts too. `fit` stops when the smoothed loss has
    grown far beyond its lowest, or is not finite. Then weights, statistics, seed generators and
    optimizer are put back as they were: run it in a `fit` of its own, with the very data and batch
    size, and train afterwards. As `with LearningRateFinder() as finder:` around `fit`, they are put
    back after an exception too.

    Args:
        min_learning_rate: float > 0, the first rate. Defaults to 1e-7.
        max_learning_rate: float > min_learning_rate, the last. Defaults to 10.
        steps: int >= 2, updates from the first rate to the last; `None` (default) for all that
            `fit` would do.
        smoothing: float in [0, 1), s. Defaults to 0.9.
        divergence: float > 1, stop when the smoothed loss exceeds so many times the lowest since
            the tenth batch. Defaults to 4.
        optimizer: str, the attribute of the model that holds the optimizer (`"generator"`,
            `"both[0]"`), where a custom `train_step` uses optimizers of its own. Defaults to
            `None`: the compiled one; an error if the model holds others.

    Attributes:
        rates: list of floats, the rate of each batch; of several steps per execution, of the last
            one of each.
        losses: list of floats, the losses of these batches.
        smoothed: list of floats.
        suggestion: float, the rate at which the smoothed loss fell most steeply.

    Raises:
        ValueError: for an argument outside its range; before the first step, if the model is not
            built, if `fit` has fewer steps than `steps`, or their number is unknown, or if another
            callback of the same `fit` drives the rate or keeps weights.
        TypeError: for an argument of the wrong type.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.callbacks import LearningRateFinder
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> finder = LearningRateFinder(1e-4, 10)
    >>> x, y = np.ones((64, 2)), np.full((64, 1), 9.0)
    >>> _ = model.fit(x, y, batch_size=1, callbacks=[finder], verbose=0)
    >>> 1e-4 < finder.suggestion < 1, len(finder.rates) < 64  # diverged before the last rate
    (True, True)

    Reference: Smith (2015), https://arxiv.org/abs/1506.01186, who raises the rate linearly; the
        geometric rise and the smoothing as in fastai.
    """

    def __init__(
        self,
        min_learning_rate: float = 1e-7,
        max_learning_rate: float = 10.0,
        steps: int | None = None,
        smoothing: float = 0.9,
        divergence: float = 4.0,
        optimizer: str | None = None,
    ) -> None:
        super().__init__()
        check_number("min_learning_rate", min_learning_rate, "(0, inf)")
        check_number("max_learning_rate", max_learning_rate, f"({min_learning_rate}, inf)")
        if steps is not None:
            check_integer("steps", steps, "[2, inf)")
        check_number("smoothing", smoothing, "[0, 1)")
        check_number("divergence", divergence, "(1, inf)")
        _rate.check_option(optimizer)
        self.min_learning_rate = min_learning_rate
        self.max_learning_rate = max_learning_rate
        self.steps = steps
        self.smoothing = smoothing
        self.divergence = divergence
        self.optimizer = optimizer
        self.rates, self.losses, self.smoothed = [], [], []
        self._found = None

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: str, error: Any, traceback: Any) -> None:
        self._put_back()

    def _begin(self):
        self._check_alone()
        model = self.model
        _rate.begin(model)
        _rate.count_skipped_batches(model, self.optimizer)
        steps = self._count_steps()
        _training_state.build(model)
        if not model.built:
            raise ValueError(
                "LearningRateFinder puts the model back as it was: build it before fit, or give it "
                f"a keras.Input. Received: {model.name}, not built"
            )
        self.rates, self.losses, self.smoothed, self._sum = [], [], [], 0.0
        self._found = _training_state.copy_values(_training_state.variables(model))
        self._random_state = get_random_state()
        growth = (math.log(self.max_learning_rate / self.min_learning_rate)) / (steps - 1)
        for control in _rate.controls(model, self.optimizer):
            origin = control.count_of_batches() // control.accumulation_steps
            kind = self.min_learning_rate, self.max_learning_rate, growth
            control.drive(lambda update: self._rate_at(update, growth), kind, origin)
        _rate.take_effect(model)

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        # So that the loss in the logs is this batch's, not the mean since the epoch began.
        self.model.reset_metrics()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        model = self.model
        control = _rate.controls(model, self.optimizer)[0]
        if "loss" not in (logs or {}):
            self._put_back()
            raise ValueError(
                "LearningRateFinder needs the loss: return it as 'loss' from `train_step`. "
                f"Received: logs of {sorted(logs or {})}"
            )
        loss = float(logs["loss"])
        self.rates.append(control.rate_of_last_batch())
        self.losses.append(loss)
        self._sum = self.smoothing * self._sum + (1 - self.smoothing) * loss
        smooth = self._sum / (1 - self.smoothing ** len(self.losses))
        self.smoothed.append(smooth)
        is_over = self.rates[-1] >= self.max_learning_rate * (1 - 1e-5)
        if is_over or not math.isfinite(smooth) or self._has_diverged(smooth):
            model.stop_training = True

    def _end(self):
        self._put_back()

    @property
    def suggestion(self) -> float:
        finite = np.isfinite(self.smoothed)
        rates, losses = np.log(self.rates)[finite], np.array(self.smoothed)[finite]
        first = min(SETTLING, len(losses) // 10)
        lowest = first + int(losses[first:].argmin()) + 1 if len(losses) else 0
        if lowest - first < 3:
            raise ValueError(
                "The loss never fell: begin at a lower `min_learning_rate`. Received: "
                f"min_learning_rate={self.min_learning_rate}, {len(losses)} finite losses"
            )
        # Slopes over a tenth of the fall, so that the noise of batches is not taken for one.
        half = max(1, (lowest - first) // 20)
        fall = losses[first + 2 * half : lowest] - losses[first : lowest - 2 * half]
        width = rates[first + 2 * half : lowest] - rates[first : lowest - 2 * half]
        return float(np.exp(rates[first + half + int((fall / width).argmin())]))

    def plot(self) -> Any:
        """Return a matplotlib figure: the loss of each batch, and smoothed, over the rate.

        Raises:
            ValueError: before a `fit`.
        """
        if not self.rates:
            raise ValueError("No rate has been tried yet. Received: rates=[]")
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6, 4), layout="constrained")
        axes = figure.subplots()
        axes.plot(self.rates, self.losses, color="0.8", label="batch")
        axes.plot(self.rates, self.smoothed, color="C0", label="smoothed")
        low, high = min(self.smoothed), self.smoothed[0]
        axes.set_ylim(low - 0.1 * abs(high - low), high + 0.5 * abs(high - low) + 1e-12)
        try:
            axes.axvline(self.suggestion, color="C1", label=f"steepest: {self.suggestion:.2g}")
        except ValueError as error:
            warn(str(error))
        axes.set(xscale="log", xlabel="learning rate", ylabel="loss")
        axes.legend()
        return figure

    def _check_alone(self):
        """Raise if a companion would drive the rate, or keep what is only tried out here."""
        self.check_only("One search at a time")
        kinds = (
            SGDR, PlateauFactor, Resume, PolyakAveraging, BestSnapshot, SnapshotEnsemble,
            WeightAverage,
        )  # fmt: skip
        others = [type(other).__name__ for other in self.peers(kinds)]
        if others:
            raise ValueError(
                "LearningRateFinder needs a `fit` of its own, whose end it undoes. "
                f"Received: callbacks={others} beside it"
            )

    def _has_diverged(self, smooth):
        settled = self.smoothed[SETTLING:]
        lowest = min(settled, default=smooth)
        return smooth - lowest > (self.divergence - 1) * abs(lowest)

    def _rate_at(self, step, growth):
        floatx = keras.config.floatx()
        first = ops.convert_to_tensor(self.min_learning_rate, floatx)
        rate = first * ops.exp(ops.cast(step, floatx) * growth)
        return ops.minimum(rate, ops.convert_to_tensor(self.max_learning_rate, floatx))

    def _count_steps(self):
        epoch = self.params.get("steps")
        if self.steps is None and not epoch:
            raise ValueError(
                "Argument `steps` must be given where the length of an epoch is unknown. "
                "Received: steps=None"
            )
        control = _rate.controls(self.model, self.optimizer)[0]
        available = math.inf
        if epoch:
            available = epoch * self.params["epochs"] // control.accumulation_steps
        steps = self.steps or available
        if not 2 <= steps <= available:
            raise ValueError(
                f"Argument `steps` must be in [2, {available:g}], the updates that fit does. "
                f"Received: steps={self.steps}"
            )
        return steps

    def _put_back(self):
        if self._found is None:
            return
        model = self.model
        for control in _rate.controls(model, self.optimizer):
            control.stop()
        _rate.release(model, self.optimizer)
        _rate.take_effect(model)
        _training_state.assign_values(_training_state.variables(model), self._found)
        set_random_state(self._random_state)
        model.reset_metrics()
        self._found = None
