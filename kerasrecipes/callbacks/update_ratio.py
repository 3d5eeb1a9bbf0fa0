"""How large the updates are against the weights that they change: is the rate right?"""

from typing import Any

import numpy as np
from keras import ops

from kerasrecipes._backend.averaging import counters_of_updates
from kerasrecipes._layer_names import numbered
from kerasrecipes._validation import check_integer
from kerasrecipes.callbacks._fit_callback import FitCallback
from kerasrecipes.callbacks._recorded import recorded
from kerasrecipes.callbacks._update_figure import update_figure
from kerasrecipes.callbacks.polyak_averaging import PolyakAveraging

LOW, HIGH = 1e-4, 1e-2  # a factor of ten around the lecture's 1e-3


class UpdateRatio(FitCallback):
    """Measures by how much of itself each array of weights changes in a step.

    ```
    ratio = ‖w(t + 1) - w(t)‖ / ‖w(t)‖
    ```

    for all trainable arrays of two dimensions or more but biases, which begin at 0. It should be
    about 0.001: far above, the rate is too high; far below, too low, or the gradient does not reach
    the layer. Beside a `PolyakAveraging` it is that of the raw weights.

    Args:
        every_steps: int >= 1, how many steps lie between two that are measured. The first one of
            each `fit` is, or the second, where TensorFlow builds the model in the first. Defaults
            to 100: the weights are copied to the host twice, before and after the step.

    Attributes:
        records: {steps done: {name: ratio}} of the last `fit`, a name as `variable.path` has it;
            those of one name have a number: "dense/kernel", "dense/kernel#2". Infinite where
            weights that were all 0 change.

    Raises:
        TypeError: for an argument of the wrong type.
        ValueError: for an argument outside its range; before the first step that is measured, if
            the model has no such weights.

    With `steps_per_execution` a step is an execution of several. With gradient accumulation it is
    as many as make an update, of two optimizers the rarer one's. One that a loss scale skips has
    the ratio 0. Weights that are trainable when the first step is measured are.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.callbacks import UpdateRatio
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="dense")])
    >>> model.compile(keras.optimizers.Adam(3.0), "mse")  # much too high a rate
    >>> ratios = UpdateRatio()
    >>> _ = model.fit(np.ones((8, 4)), np.ones((8, 1)), callbacks=[ratios], verbose=0)
    >>> list(ratios.diagnosis().values())
    ['large']

    Reference: CS231n, Neural networks part 3, Ratio of weights:updates,
        https://cs231n.github.io/neural-networks-3/#ratio. There it is computed of one array.
    """

    def __init__(self, every_steps: int = 100) -> None:
        super().__init__()
        check_integer("every_steps", every_steps, "[1, inf)")
        self.every_steps = every_steps
        self.records = {}

    def _begin(self):
        self.records, self._variables = {}, {}
        self._steps = self._next = self._batch = 0
        self._before, self._batches = None, 0

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_train_batch_begin(batch)
        self._batch = batch
        if self._before is not None or self._steps < self._next or not self._model.built:
            return
        self._variables = self._variables or _measured(self._model)
        if not self._variables:
            raise ValueError(
                f"{self._model.name} must have trainable weights of two dimensions or more. "
                "Received: none"
            )
        self._before, self._batches = [np.array(one) for one in self._weights()], 0

    def _end_step(self):
        size = self._model.steps_per_execution
        if self.params["steps"] is not None:
            size = min(size, self.params["steps"] - self._batch)  # the last one may be shorter
        self._steps += size
        self._batches += size
        if self._before is not None and self._batches >= _batches_of_an_update(self._model):
            self._measure()

    def _end_steps(self):
        if not self._batches:
            self._before = None  # of a batch that data of unknown length did not have

    def _leave(self):
        self._before, self._variables = None, {}

    def diagnosis(self, step: int | None = None) -> dict[str, str]:
        """Return {name: verdict}: "fine" from 1e-4 to 1e-2, else "small" or "large".

        "none" is a ratio of 0; "from 0": the weights were all 0, which is no fault; "not finite":
        weights became NaN or infinite.

        Args:
            step: int, one of `records`. Defaults to `None`, the last one.

        Raises:
            ValueError: if `step` was not measured, or nothing was.
        """
        return {name: _verdict(ratio) for name, ratio in self._record(step).items()}

    def plot(self) -> Any:
        """Return a matplotlib figure of all ratios by step, of those that are above 0 and finite.

        Raises:
            ValueError: if nothing was measured.
        """
        self._record(None)
        return update_figure(self.records, LOW, HIGH)

    def get_state(self) -> dict[str, Any]:
        before = {f"before/{i}": value for i, value in enumerate(self._before or ())}
        ratios = [list(record.values()) for record in self.records.values()]
        return {
            "steps": self._steps,
            "next": self._next,
            "batches": self._batches,
            "at": np.array(list(self.records), "int64"),
            "ratios": np.array(ratios, "float64"),
            **before,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        self._steps, self._next = state["steps"], state["next"]
        self._batches = state["batches"]
        self._variables = _measured(self.model)  # whose names may differ from those before
        pairs = zip(state["at"], state["ratios"])
        self.records = {int(at): dict(zip(self._variables, map(float, row))) for at, row in pairs}
        count = sum(key.startswith("before/") for key in state)
        self._before = [state[f"before/{i}"] for i in range(count)] or None

    def __getstate__(self):
        return {**super().__getstate__(), "_variables": {}, "_before": None}

    def _measure(self):
        start = self._steps - self._batches
        ratios = map(update_ratio, self._before, self._weights())
        self.records[start] = dict(zip(self._variables, ratios))
        self._next, self._before = start + self.every_steps, None

    def _weights(self):
        """Yield the weights that train on, one array after the other."""
        model, raw = self.model, {}
        if averaging := self.peers(PolyakAveraging):
            raw = dict(zip(map(id, model.weights), averaging[0].raw_weights()))
        for variable in self._variables.values():
            value = raw.get(id(variable))
            yield ops.convert_to_numpy(variable) if value is None else value

    def _record(self, step):
        return recorded(self.records, "step", step, "measured")


def update_ratio(before: Any, after: Any) -> float:
    """Return ‖after - before‖ / ‖before‖ of two arrays, in float64.

    Where `before` is 0 it is infinite, or 0 if `after` is, too; NaN where one is not finite.
    """
    before, after = np.asarray(before, "float64"), np.asarray(after, "float64")
    size, change = np.linalg.norm(before), np.linalg.norm(after - before)
    if not np.isfinite([size, change]).all():
        return float("nan")
    if size == 0:
        return float("inf") if change else 0.0
    return float(change / size)


def _measured(model):
    """Return {name: variable} of the arrays that are measured."""
    variables = [
        variable
        for variable in model.trainable_variables
        if len(variable.shape) >= 2 and "float" in variable.dtype and variable.name != "bias"
    ]
    return dict(zip(numbered([variable.path for variable in variables]), variables))


def _batches_of_an_update(model):
    return max((group for _, group in counters_of_updates(model)), default=1)


def _verdict(ratio):
    if np.isnan(ratio):
        return "not finite"
    if np.isinf(ratio):
        return "from 0"
    if ratio == 0:
        return "none"
    return "small" if ratio < LOW else "large" if ratio > HIGH else "fine"
