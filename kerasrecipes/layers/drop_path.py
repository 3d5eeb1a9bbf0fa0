"""DropPath: zeroes a residual branch for some examples."""

from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.random_draws import draw_uniform, own_seed_generator
from kerasrecipes._validation import check_number


@keras.saving.register_keras_serializable(package="kerasrecipes")
class DropPath(keras.Layer):
    """Zeroes a residual branch per example; saves no computation (`StochasticDepth` does).

    training: x / (1 - rate) with probability 1 - rate, else 0, drawn per example
    inference: x

    Args:
        rate: float in [0, 1), the probability that the branch of an example is zeroed.
        seed: int or `None`.
        **kwargs: `name`, `dtype` and other arguments of `keras.Layer`.

    Input shape: `(N, ...)`, of any rank >= 1.
    Output shape: that of the input.

    Raises:
        ValueError, TypeError: if an argument is out of its range or of the wrong type.

    Example:

    >>> import keras
    >>> from kerasrecipes import layers
    >>> branch = layers.DropPath(rate=0.5, seed=1)(keras.ops.ones((6, 2)), training=True)
    >>> sorted(set(map(tuple, keras.ops.convert_to_numpy(branch).tolist())))
    [(0.0, 0.0), (2.0, 2.0)]

    Reference: Larsson et al., 2016, FractalNet, https://arxiv.org/abs/1605.07648, in the per-sample
    form of Tan & Le, 2019, EfficientNet, https://arxiv.org/abs/1905.11946, whose code calls it
    "drop connect".
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_number("rate", rate, "[0, 1)")
        self.rate = rate
        self.seed = seed
        self.seed_generator = own_seed_generator(seed)
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if len(input_shape) < 1:
            raise ValueError("DropPath needs an input of rank >= 1. Received: a scalar")

    def call(self, x: Any, training: bool | None = None) -> Any:
        if not training or self.rate == 0:
            return x
        shape = (ops.shape(x)[0],) + (1,) * (len(x.shape) - 1)
        draws = draw_uniform(shape, self.seed_generator)
        return ops.where(draws >= self.rate, x / (1 - self.rate), ops.zeros_like(x))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
