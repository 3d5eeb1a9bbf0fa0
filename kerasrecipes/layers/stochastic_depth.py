"""StochasticDepth: a residual block that does not compute the branches it drops."""

from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.random_draws import draw_order, own_seed_generator
from kerasrecipes._backend.zero_gradients import with_zero_gradients
from kerasrecipes._validation import check_choice, check_number
from kerasrecipes.layers._wrapped import (
    assign_state,
    call_with_mask,
    call_with_values,
    check_layer,
    serialize_layer,
    state_variables,
)


@keras.saving.register_keras_serializable(package="kerasrecipes")
class StochasticDepth(keras.Layer):
    """A residual block with a branch that training skips at random, which saves its computation.

    training: x + branch(x) if the branch is kept, x if it is dropped (not rescaled)
    inference: x + (1 - rate) * branch(x)

    A dropped branch is computed neither forward nor backward. The branch's weights, normalisation
    statistics and added losses belong to this layer.

    Args:
        branch: Keras layer or model with an output of the shape of its input (with `shortcut`:
            of the shape of the shortcut's output).
        rate: float in [0, 1), the probability that the branch is dropped; it has no default.
        mode: `"subset"` or `"batch"`. `"subset"` runs the branch on round((1 - rate) * N) examples
            of the batch of N, at least one, drawn anew each step. It saves computation with every
            compiler; normalisation inside the branch sees only those examples. `"batch"` is the
            paper's: one gate for the whole batch. If the gate is closed, the branch's statistics
            do not change and its gradients are zero. On a CPU, XLA runs convolutions under a gate
            slowly: prefer `"subset"` there. Defaults to `"subset"`.
        shortcut: Keras layer or model, or `None`. Replaces the first x in the formulas, for
            blocks that change the shape; it is never dropped. Defaults to `None`.
        seed: int or `None`. Use a different seed for each block: equal seeds draw equal gates.
        **kwargs: `name`, `dtype` and other arguments of `keras.Layer`.

    Input shape: `(N, ...)`, N may be unknown.
    Output shape: that of the input, or of the shortcut's output.

    Raises:
        ValueError, TypeError: if an argument is out of its range or of the wrong type, or (when
            built) if the branch and the shortcut differ in shape.

    Example:

    >>> import keras
    >>> from kerasrecipes import layers
    >>> branch = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3)])
    >>> block = layers.StochasticDepth(branch, rate=0.25, seed=0)
    >>> x = keras.ops.ones((8, 3))
    >>> changed = keras.ops.any(block(x, training=True) != x, axis=1)
    >>> int(keras.ops.sum(keras.ops.cast(changed, "int32")))
    6

    Reference: Huang et al., 2016, Deep networks with stochastic depth,
    https://arxiv.org/abs/1603.09382. `mode="subset"` is ours: it keeps a fixed fraction of the
    examples, instead of the whole batch with probability 1 - rate.
    """

    def __init__(
        self,
        branch: keras.Layer,
        rate: float | None = None,
        mode: str = "subset",
        shortcut: keras.Layer | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        # The gate reads variables in their own dtype, not in the compute dtype.
        super().__init__(autocast=False, **kwargs)
        if rate is None or isinstance(branch, (int, float)):
            raise TypeError(
                "StochasticDepth wraps a branch: StochasticDepth(branch, rate). To drop the "
                f"output of a branch, use DropPath(rate). Received: branch={branch!r}, rate={rate}"
            )
        check_layer("branch", branch)
        check_number("rate", rate, "[0, 1)")
        check_choice("mode", mode, ("subset", "batch"))
        if shortcut is not None:
            check_layer("shortcut", shortcut)
        self.branch = branch
        self.rate = rate
        self.mode = mode
        self.shortcut = shortcut
        self.seed = seed
        self.seed_generator = own_seed_generator(seed)
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        # A call also builds layers without a `build` method; `branch.build` would not.
        inputs = keras.KerasTensor((None, *input_shape[1:]), dtype=self.compute_dtype)
        change = self.branch(inputs)
        base = inputs if self.shortcut is None else self.shortcut(inputs)
        if tuple(change.shape[1:]) != tuple(base.shape[1:]):
            raise ValueError(
                f"Argument `branch` must return the shape {tuple(base.shape[1:])} of the "
                f"{'input' if self.shortcut is None else 'shortcut'}. Received: "
                f"branch={self.branch.name}, which returns {tuple(change.shape[1:])}"
            )

    def call(self, x: Any, training: bool | None = None, mask: Any = None) -> Any:
        x = self._cast(x)
        base = x
        if self.shortcut is not None:
            base = self._cast(call_with_mask(self.shortcut, x, mask))
        if not training:
            return base + (1 - self.rate) * self._change(x, mask)
        if self.rate == 0:
            return base + self._change(x, mask)
        return (
            self._on_subset(x, base, mask) if self.mode == "subset" else self._gated(x, base, mask)
        )

    def _change(self, x, mask):
        return self._cast(call_with_mask(self.branch, x, mask))

    def _on_subset(self, x, base, mask):
        count = ops.shape(x)[0]
        kept = draw_order(count, self.seed_generator)[: _fraction_of(count, 1 - self.rate)]
        mask = None if mask is None else ops.take(mask, kept, axis=0)
        change = self._change(ops.take(x, kept, axis=0), mask)
        return ops.scatter_update(base, kept[:, None], change, reduction="add")

    def _gated(self, x, base, mask):
        is_open = keras.random.uniform((), seed=self.seed_generator) >= self.rate
        if keras.backend.backend() == "torch":
            return self._called_or_skipped(is_open, x, base, mask)
        values = [(v, v.value) for v in self.branch.variables]
        scope = keras.StatelessScope(values)
        before = [scope.get_current_value(v) for v in state_variables(self.branch)]
        no_penalty = ops.zeros((), self.variable_dtype)
        penalties = []

        def run():
            change, losses, state = call_with_values(self.branch, values, x, mask)
            penalties.extend(losses)
            penalty = sum((ops.cast(loss, no_penalty.dtype) for loss in losses), no_penalty)
            return base + self._cast(change), penalty, state

        def skip():
            return base, no_penalty, before

        # On JAX an assignment inside `cond` would leak a tracer: assign afterwards.
        outputs, penalty, state = ops.cond(is_open, run, skip)
        assign_state(self.branch, state)
        if penalties:
            self.add_loss(penalty)
        return outputs

    def _called_or_skipped(self, is_open, x, base, mask):
        """PyTorch calls only the chosen function, which may therefore assign and add losses."""
        weights = [variable.value for variable in self.branch.trainable_variables]
        return ops.cond(
            is_open,
            lambda: base + self._change(x, mask),
            lambda: with_zero_gradients(base, weights),
        )

    def _cast(self, x):
        return ops.cast(x, self.compute_dtype)

    def compute_mask(self, x: Any, previous_mask: Any) -> Any:
        if self.shortcut is None:
            return previous_mask
        if self.shortcut.supports_masking:
            return self.shortcut.compute_mask(x, previous_mask)
        return None

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        if self.shortcut is None:
            return input_shape
        return self.shortcut.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "branch": serialize_layer(self.branch),
            "rate": self.rate,
            "mode": self.mode,
            "shortcut": None if self.shortcut is None else serialize_layer(self.shortcut),
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        config = dict(config)
        for name in ("branch", "shortcut"):
            config[name] = keras.saving.deserialize_keras_object(config[name])
        return cls(**config)


def _fraction_of(count, fraction):
    """Return round(fraction * count), at least 1; a tensor if the batch size is unknown."""
    if isinstance(count, int):
        return max(1, round(fraction * count))
    rounded = ops.round(fraction * ops.cast(count, "float64"))
    return ops.maximum(ops.cast(rounded, "int32"), 1)
