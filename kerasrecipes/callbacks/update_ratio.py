"""How large the updates are against the weights that they change: is the rate right?"""

from typing import Any

import numpy as np
from keras import ops

from kerasrecipes._layer_names import numbered
from kerasrecipes._validation import check_integer
from kerasrecipes.callbacks._fit_callback import FitCallback
from kerasrecipes.callbacks._update_figure import update_figure
from kerasrecipes.callbacks.polyak_averaging import PolyakAveraging

LOW, HIGH = 1e-4, 1e-2  # a factor of ten around the lecture's 1e-3


class UpdateRatio(FitCallback):
    """Measures by how much of itself each array of weights changes in a step.

    ```
    ratio = ‖w(t + 1) - w(t)‖ / ‖w(t)‖
    ```

    for all trainable arrays of two dimensions or more: kernels and embeddings, not biases, which
    begin at 0. It should be about 0.001: far above, the rate is too high; far below, too low, or
    the gradient does not reach the layer. Beside a `PolyakAveraging` it is that of the raw weights.

    Args:
        every_steps: int >= 1, how many steps lie between two that are measured. The first one of
            each `fit` is. Defaults to 100, which costs little: weights are copied for a step.

    Attributes:
        records: {steps done: {name: ratio}}, a name as `variable.path` has it; those of one name
            have a number: "dense/kernel", "dense/kernel#2". NaN where the weights were all 0.

    Raises:
        TypeError: for an argument of the wrong type.
        ValueError: for an argument outside its range; before the first step that is measured, if
            the model has no such weights.

    A step is an execution, with `steps_per_execution`, and with gradient accumulation the steps
    until there has been one update. One that a loss scale skips has the ratio 0.

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
        self.records = {}
        self._steps = self._next = 0
        self._before, self._batches = None, 0

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_train_batch_begin(batch)
        if self._before is not None or self._steps < self._next or not self._model.built:
            return
        self._before, self._batches = self._weights(), 0
        if not self._before:
            raise ValueError(
                f"{self._model.name} must have trainable weights of two dimensions or more. "
                "Received: none"
            )

    def _end_step(self):
        size = self._model.steps_per_execution
        self._steps += size
        if self._before is None:
            return
        self._batches += size
        if self._batches >= _batches_of_an_update(self._model):
            self._measure()

    def diagnosis(self, step: int | None = None) -> dict[str, str]:
        """Return {name: verdict} of the step after `step` steps (default: the last measured one).

        "fine" from 1e-4 to 1e-2; else "small", "large", "none" for 0, or "not finite".
        """
        return {name: _verdict(ratio) for name, ratio in self._record(step).items()}

    def plot(self) -> Any:
        """Return a matplotlib figure of all ratios by step."""
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
        names = _named(self.model)  # which may be others than in the process before
        pairs = zip(state["at"], state["ratios"])
        self.records = {int(step): dict(zip(names, map(float, row))) for step, row in pairs}
        count = sum(key.startswith("before/") for key in state)
        self._before = [state[f"before/{i}"] for i in range(count)] or None

    def _measure(self):
        start = self._steps - self._batches
        ratios = map(update_ratio, self._before, self._weights())
        self.records[start] = dict(zip(_named(self.model), ratios))
        self._next, self._before = start + self.every_steps, None

    def _weights(self):
        """Return copies of the weights that train on."""
        model = self.model
        variables = _named(model).values()
        if averaging := self.peers(PolyakAveraging):
            raw = dict(zip(map(id, model.weights), averaging[0].raw_weights()))
            return [raw[id(variable)] for variable in variables]
        return [np.array(ops.convert_to_numpy(variable)) for variable in variables]

    def _record(self, step):
        if not self.records:
            raise ValueError("Nothing has been measured yet. Received: records={}")
        step = list(self.records)[-1] if step is None else step
        if step not in self.records:
            raise ValueError(
                f"Argument `step` must be one of {list(self.records)}. Received: step={step}"
            )
        return self.records[step]


def update_ratio(before: Any, after: Any) -> float:
    """Return ‖after - before‖ / ‖before‖ of two arrays, in float64; NaN where `before` is 0."""
    before, after = np.asarray(before, "float64"), np.asarray(after, "float64")
    size = np.linalg.norm(before)
    return float(np.linalg.norm(after - before) / size) if size else float("nan")


def _named(model):
    """Return {name: variable} of the arrays that are measured."""
    variables = [
        variable
        for variable in model.trainable_variables
        if len(variable.shape) >= 2 and "float" in variable.dtype
    ]
    return dict(zip(numbered([variable.path for variable in variables]), variables))


def _batches_of_an_update(model):
    return getattr(model.optimizer, "gradient_accumulation_steps", None) or 1


def _verdict(ratio):
    if not np.isfinite(ratio):
        return "not finite"
    if ratio == 0:
        return "none"
    return "small" if ratio < LOW else "large" if ratio > HIGH else "fine"
