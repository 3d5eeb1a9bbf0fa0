"""StochasticDepth: a residual block whose dropped work is not done."""

from typing import Any

import keras
from keras import ops

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
    """A residual block that is randomly skipped in training, saving its work.

    training: x + branch(x) where the branch is kept, x where it is dropped (not rescaled)
    inference: x + (1 - rate) * branch(x)

    What is dropped is not computed, neither forward nor backward. The branch's weights, its
    normalisation statistics and the losses it adds belong to this layer.

    Args:
        branch: Keras layer or model that keeps the shape of its input (with `shortcut`: the
            shape of the shortcut's output).
        rate: Number in [0, 1), the share dropped.
        mode: `"subset"` or `"batch"`. `"subset"` runs the branch on round((1 - rate) * N) samples
            of the batch of N, at least one, chosen anew each step; it saves work under every
            compiler, and normalisation inside the branch sees those samples alone. `"batch"` is
            the paper's: one gate for the whole batch; when it is closed the branch's statistics
            stay put and its gradients are zero. XLA runs convolutions under a gate slowly on a
            CPU: prefer `"subset"` there. Defaults to `"subset"`.
        shortcut: Keras layer or model, or `None`. Replaces the first x in the formulas, for
            blocks that change the shape; it is never dropped. Defaults to `None`.
        seed: Integer or `None`. Give each block its own: equal seeds draw equal gates.
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
    https://arxiv.org/abs/1603.09382. `mode="subset"` is ours, and keeps a fixed share of the
    samples instead of the whole batch with probability 1 - rate.
    """

    def __init__(
        self,
        branch: keras.Layer,
        rate: float,
        mode: str = "subset",
        shortcut: keras.Layer | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        # Variables are read for the gate as they are stored, not cast to the compute dtype.
        super().__init__(autocast=False, **kwargs)
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
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        # A call, not `branch.build`, also builds layers that define no `build` of their own.
        inputs = keras.KerasTensor((None, *input_shape[1:]), dtype=self.compute_dtype)
        change = self.branch(inputs)
        base = inputs if self.shortcut is None else self.shortcut(inputs)
        if tuple(change.shape[1:]) != tuple(base.shape[1:]):
            raise ValueError(
                f"Argument `branch` must return the shape {tuple(base.shape[1:])} of what it is "
                f"added to. Received: branch={self.branch.name}, which returns "
                f"{tuple(change.shape[1:])}"
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
        order = keras.random.shuffle(ops.arange(count, dtype="int32"), seed=self.seed_generator)
        kept = order[: _share(count, 1 - self.rate)]
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

        # A variable assigned inside `cond` leaks its tracer on JAX: assign after.
        outputs, penalty, state = ops.cond(is_open, run, skip)
        assign_state(self.branch, state)
        if penalties:
            self.add_loss(penalty)
        return outputs

    def _called_or_skipped(self, is_open, x, base, mask):
        """On PyTorch one of the two is called, not traced, and may assign and add losses."""
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


def _share(count, share):
    """round(share * count), at least 1; `count` is a tensor where the batch size is unknown."""
    if isinstance(count, int):
        return max(1, round(share * count))
    rounded = ops.round(share * ops.cast(count, "float64"))
    return ops.maximum(ops.cast(rounded, "int32"), 1)
