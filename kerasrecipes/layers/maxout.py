"""Maxout: the largest of several linear maps."""

from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.arithmetic import matmul, maximum
from kerasrecipes._validation import check_boolean, check_floating, check_integer, check_rank


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Maxout(keras.layers.Layer):
    """The maximum over `pieces` linear maps, a learned convex activation.

    y_i = max over j of (x · W[:, i, j] + b[i, j]).

    Args:
        units: int >= 1, number of outputs.
        pieces: int >= 1, linear maps per output. Defaults to 2.
        use_bias: bool, whether to add `bias`. Defaults to `True`.
        kernel_initializer: Initializer, given the shape `(features, units * pieces)`. Defaults to
            Glorot's uniform one.
        bias_initializer, kernel_regularizer, bias_regularizer, kernel_constraint,
            bias_constraint: As in `keras.layers.Dense`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        Floats of shape `(batch, ..., features)`.

    Output shape:
        `(batch, ..., units)`. The weights are `kernel`, `(features, units, pieces)`, and `bias`,
        `(units, pieces)`.

    Raises:
        ValueError: An option is out of its range, or the rank is below 2.
        TypeError: The inputs are integers.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from kerasrecipes.layers import Maxout
    >>> layer = Maxout(1, pieces=2)
    >>> layer.build((None, 1))
    >>> layer.set_weights([np.array([[[1.0, -1.0]]]), np.zeros((1, 2))])
    >>> y = layer(np.array([[-3.0], [2.0]], "float32"))  # the absolute value
    >>> print(keras.ops.convert_to_numpy(y)[:, 0])
    [3. 2.]

    Reference:
        - Goodfellow et al., Maxout Networks, 2013, https://arxiv.org/abs/1302.4389
    """

    def __init__(
        self,
        units: int,
        pieces: int = 2,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_integer("units", units, "[1, inf)")
        check_integer("pieces", pieces, "[1, inf)")
        check_boolean("use_bias", use_bias)
        self.units = units
        self.pieces = pieces
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        check_rank("inputs", input_shape, 2)
        features = input_shape[-1]
        if features is None:
            raise ValueError(
                "Argument `inputs` must have a last axis of known size. Received: "
                f"inputs.shape={tuple(input_shape)}"
            )
        self.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: features})
        self.kernel = self.add_weight(
            shape=(features, self.units, self.pieces),
            name="kernel",
            initializer=self._initial_kernel,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(self.units, self.pieces),
                name="bias",
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _initial_kernel(self, shape, dtype=None):
        flat = self.kernel_initializer((shape[0], self.units * self.pieces), dtype=dtype)
        return ops.reshape(flat, shape)

    def call(self, inputs: Any) -> Any:
        check_floating("inputs", inputs)
        # Pieces before units: the maximum then compares contiguous rows.
        kernel = ops.reshape(ops.swapaxes(self.kernel, 1, 2), (self.kernel.shape[0], -1))
        maps = matmul(inputs, kernel)
        maps = ops.reshape(maps, (*ops.shape(inputs)[:-1], self.pieces, self.units))
        if self.bias is not None:
            maps = maps + ops.transpose(self.bias)
        largest = maps[..., 0, :]
        for piece in range(1, self.pieces):
            largest = maximum(largest, maps[..., piece, :])
        return largest

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        config = {name: getattr(self, name) for name in ("units", "pieces", "use_bias")}
        for kind in ("initializer", "regularizer", "constraint"):
            serialize = getattr(keras, f"{kind}s").serialize
            for weight in ("kernel", "bias"):
                config[f"{weight}_{kind}"] = serialize(getattr(self, f"{weight}_{kind}"))
        return {**super().get_config(), **config}
