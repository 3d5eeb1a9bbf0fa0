"""Stochastic weight averaging: the mean of the weights of the last epochs."""

from typing import Any

import numpy as np
from keras import ops

from kerasrecipes._backend.averaging import mix, to_numpy, wide_dtype
from kerasrecipes._backend.keras_internals import flatten_layers
from kerasrecipes._validation import check_integer
from kerasrecipes._warning import warn
from kerasrecipes.callbacks import _raw_weights, _training_state
from kerasrecipes.callbacks._fit_callback import FitCallback
from kerasrecipes.callbacks.polyak_averaging import PolyakAveraging
from kerasrecipes.inference import recalibrate_normalization


class WeightAverage(FitCallback):
    """Ends `fit` with the mean of the weights that the last epochs ended with (SWA).

    ```
    average = 1/n · Σ_i weights_i      over the ends of epochs start_epoch, start_epoch + 1, ...
    ```

    each with the same weight, computed in float32 (float64 for float64 weights). A constant or
    cyclical rate suits it (`SGDR`, with `start_epoch` and epochs at cycle ends). While `fit` runs,
    the model has the weights that train, and so have validation and all other callbacks; when it
    ends, the model gets the average, in any order of callbacks and even where `BestSnapshot`
    restores its best (whose file keeps that). The optimizer stays as it is. A second `fit` with the
    same object trains on from the raw weights, as with `PolyakAveraging`, and begins a new average.

    The statistics of normalisation belong to other weights: give `recalibration_data`, and at the
    end they are recomputed by `inference.recalibrate_normalization`. Without, they are averaged as
    the weights are, with a warning.

    Args:
        start_epoch: int >= 0, the 0-based epoch whose end gives the first weights; below the
            `epochs` of `fit`.
        every_steps: int >= 1, or `None` (default): average after every so many batches from the
            beginning of epoch `start_epoch` on, instead of at the ends of epochs. Of several steps
            per execution, after the execution in which they are reached (a shorter one counts as
            the others).
        recalibration_data: arrays x or (x, y, ...), or an iterable of batches of those, which can
            be iterated at the end of `fit`: training data as the model takes them. Defaults to
            `None`.
        recalibration_steps: int >= 1, how many batches of `recalibration_data` to use; `None`
            (default) for all. Needed when they are endless.

    Attributes:
        count: int, how many weights are in the average of this `fit` so far.

    Raises:
        TypeError: for an argument of the wrong type.
        ValueError: for an argument outside its range; before the first step, if `start_epoch` is
            not below the epochs of `fit`, if the optimizer was compiled with `use_ema=True`, or if
            a `PolyakAveraging` is in the same `fit`.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.callbacks import WeightAverage
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    >>> model.set_weights([np.zeros((1, 1))])
    >>> model.compile(keras.optimizers.SGD(0.25), "mse")
    >>> x = y = np.ones((1, 1))
    >>> average = WeightAverage(start_epoch=1)
    >>> history = model.fit(x, y, epochs=3, verbose=0, callbacks=[average])
    >>> model.get_weights()[0].item()  # of the weights 0.5, 0.75 and 0.875
    0.8125

    Reference: Izmailov et al. (2018), https://arxiv.org/abs/1803.05407, who recompute the
        statistics with dropout on, which prediction does not have.
    """

    def __init__(
        self,
        start_epoch: int,
        every_steps: int | None = None,
        recalibration_data: Any = None,
        recalibration_steps: int | None = None,
    ) -> None:
        super().__init__()
        check_integer("start_epoch", start_epoch, "[0, inf)")
        if every_steps is not None:
            check_integer("every_steps", every_steps, "[1, inf)")
        if recalibration_steps is not None:
            check_integer("recalibration_steps", recalibration_steps, "[1, inf)")
            if recalibration_data is None:
                warn(
                    "`recalibration_steps` has no effect without `recalibration_data`.",
                )
        self.start_epoch = start_epoch
        self.every_steps = every_steps
        self.recalibration_data = recalibration_data
        self.recalibration_steps = recalibration_steps
        self.count = 0
        self._averages, self._left = [], None
        self._epoch, self._steps = 0, 0

    def _begin(self):
        model = self.model
        self.check_only("A model can end with one average")
        _raw_weights.check_optimizers_do_not_average(model, "WeightAverage")
        if self.start_epoch >= self.params["epochs"]:
            raise ValueError(
                f"Argument `start_epoch` must be below the {self.params['epochs']} epochs of fit. "
                f"Received: start_epoch={self.start_epoch}"
            )
        self._warn_of_statistics(model)
        if self._left is not None:
            _raw_weights.put_back(model, _raw_weights.float_variables(model), *self._left)
        self.count, self._averages, self._left = 0, [], None
        self._epoch, self._steps = 0, 0

    def _all_have_begun(self):
        if self.peers(PolyakAveraging):
            raise ValueError(
                "WeightAverage cannot average what PolyakAveraging averages: give one of them. "
                "Received: callbacks=['PolyakAveraging'] beside it"
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch

    def _end_step(self):
        if self.every_steps is None or self._epoch < self.start_epoch:
            return
        self._steps += self._model.steps_per_execution
        if self._steps >= self.every_steps:
            self._steps = 0
            self._add()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_end(epoch)
        if self.every_steps is None and epoch >= self.start_epoch:
            self._add()

    def _finish(self):
        if not self.count:
            warn(
                f"fit ended before the first weights of WeightAverage(start_epoch="
                f"{self.start_epoch}, every_steps={self.every_steps}): there is no average, and "
                "the model keeps its weights.",
            )
            return
        model = self.model
        variables = _raw_weights.float_variables(model)
        raw = to_numpy(variables)
        for variable, average in zip(variables, self._averages, strict=True):
            variable.assign(ops.cast(average, variable.dtype))
        try:
            if self.recalibration_data is not None and _adapts_statistics(model):
                data, steps = self.recalibration_data, self.recalibration_steps
                recalibrate_normalization(model, data, steps=steps)
        finally:
            self._left = raw, to_numpy(variables)

    def raw_weights(self) -> list[np.ndarray]:
        """Return the weights that train on, as a list of arrays in the order of `model.weights`.

        `model.set_weights` takes the list.

        Raises:
            ValueError: if no `fit` has ended with an average; of a copy, before `set_model`.
        """
        raw: Any = (self._left or ([], []))[0]
        _raw_weights.check_averaged(raw)
        model = self._trained_model
        return _raw_weights.raw_weights(model, _raw_weights.float_variables(model), raw)

    def __getstate__(self):
        return {**super().__getstate__(), "_averages": to_numpy(self._averages)}

    def get_state(self) -> dict[str, Any]:
        averages = {f"average/{i}": value for i, value in enumerate(to_numpy(self._averages))}
        return {"count": self.count, "steps": self._steps, **averages}

    def set_state(self, state: dict[str, Any]) -> None:
        self.count, self._steps = state["count"], state["steps"]
        averages = _training_state.with_prefix("average/", state)
        self._averages = [averages[str(i)] for i in range(len(averages))]

    def _add(self):
        """Take the present weights into the average."""
        variables = _raw_weights.float_variables(self.model)
        if not self.count:
            self._averages = [ops.zeros(v.shape, wide_dtype(v)) for v in variables]
        self.count += 1
        self._averages = [
            mix(
                ops.convert_to_tensor(average),
                ops.stop_gradient(ops.convert_to_tensor(variable)),
                1 / self.count,
            )
            for variable, average in zip(variables, self._averages, strict=True)
        ]

    def _warn_of_statistics(self, model):
        has_statistics = _adapts_statistics(model)
        if has_statistics and self.recalibration_data is None:
            warn(
                "The statistics of normalisation layers will be averaged as the weights are, which "
                "does not make them those of the averaged weights: give WeightAverage "
                "`recalibration_data`.",
            )
        elif self.recalibration_data is not None and not has_statistics:
            warn(
                f"`recalibration_data` has no effect: {model.name} has no normalisation layer with "
                "trainable statistics.",
            )


def _adapts_statistics(model):
    """Whether the model has layers whose statistics can be recomputed from data."""
    return any(layer.trainable and hasattr(layer, "momentum") for layer in flatten_layers(model))
