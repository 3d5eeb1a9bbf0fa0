"""DropConnectDense: a dense layer that drops weights, with one mask per example."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes._backend.accelerator import on_gpu
from kerasrecipes._backend.arithmetic import matmul, wide_type
from kerasrecipes._backend.masked_batch import masked_batch
from kerasrecipes._backend.masked_product import LANES, masked_product
from kerasrecipes._backend.random_draws import draw_bits, draw_normal, own_seed_generator
from kerasrecipes._validation import check_boolean, check_choice, check_integer, check_number
from kerasrecipes.ops import drop_connect_moments, rectified_normal_mean

# The mean activation is computed unit by unit, and these activations mix units.
ACROSS_UNITS = ("softmax", "log_softmax", "sparsemax", "glu")


@keras.saving.register_keras_serializable(package="kerasrecipes")
class DropConnectDense(keras.Layer):
    """A dense layer that drops single weights and biases, with a new mask per example.

    training: a(u), u = x·(M ∗ W) + m ∗ b, Bernoulli masks M and m, not rescaled
    inference: E[a(u)] with u ~ N(p·(x·W + b), p·(1 - p)·((x∗x)·(W∗W) + b∗b)), p = 1 - rate

    With an input of rank above 2, each vector along the last axis has its own mask.

    Args:
        units: int >= 1.
        rate: float in [0, 1), the probability that a weight is dropped; with 0 this is `Dense`.
            Defaults to 0.5.
        activation: str, function or `None`, applied unit by unit.
        use_bias: bool. Defaults to `True`.
        mask: `"example"` draws the masks as bits: memory and time grow with batch · inputs ·
            units. On two CPU cores a step with rate 1/2 takes 7 to 21 times as long as with
            `Dense` (128 examples, 1024 inputs, 512 units); drawing the bits is 1 to 3 of these.
            A rate with k binary digits needs k draws; rates are rounded to 16 binary digits. With
            rate 0.3 a step takes 28 to 78 times as long as with `Dense`, most of it for the
            draws. `"gaussian"` draws u itself from the normal distribution with the same mean and
            variance, at 2 to 3 times the cost of `Dense`. Defaults to `"example"`.
        inference: `"moments"` computes the mean activation E[a(u)]: in closed form for linear and
            relu, by Gauss-Hermite quadrature for others. `"mean"` is the cheaper a(E[u]).
            Defaults to `"moments"`.
        quadrature_points: int in [1, 180]. If u has a standard deviation of 1, the default 64 is
            exact to 1e-6 for a smooth a (tanh, sigmoid, gelu), and to 1e-3 if a has a kink (elu).
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            kernel_constraint, bias_constraint: as in `keras.layers.Dense`.
        seed: int or `None`.
        **kwargs: `name`, `dtype` and other arguments of `keras.Layer`.

    Input shape: `(N, ..., inputs)`.
    Output shape: `(N, ..., units)`.

    Raises:
        ValueError, TypeError: if an argument is out of its range or of the wrong type, or the
            activation mixes units (softmax) with `inference="moments"`.

    Example:

    >>> import keras
    >>> from kerasrecipes import layers
    >>> x = keras.ops.array([[1.0, 2.0]])
    >>> layer = layers.DropConnectDense(1, rate=0.5, kernel_initializer="ones")
    >>> float(layer(x)[0, 0])
    1.5

    Reference: Wan et al., 2013, Regularization of neural networks using DropConnect,
    https://proceedings.mlr.press/v28/wan13.html. Its inference averages a(u) over samples of u;
    ours computes the mean. `mask="gaussian"`: Wang & Manning, 2013, Fast dropout training,
    https://proceedings.mlr.press/v28/wang13a.html.
    """

    def __init__(
        self,
        units: int,
        rate: float = 0.5,
        activation: Any = None,
        use_bias: bool = True,
        mask: str = "example",
        inference: str = "moments",
        quadrature_points: int = 64,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_integer("units", units, "[1, inf)")
        check_number("rate", rate, "[0, 1)")
        check_boolean("use_bias", use_bias)
        check_choice("mask", mask, ("example", "gaussian"))
        check_choice("inference", inference, ("moments", "mean"))
        check_integer("quadrature_points", quadrature_points, "[1, 180]")
        self.units = units
        self.rate = rate
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.mask = mask
        self.inference = inference
        self.quadrature_points = quadrature_points
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.seed = seed
        self.seed_generator = own_seed_generator(seed)
        self.supports_masking = True
        self._check_activation()

    def _check_activation(self):
        name = getattr(self.activation, "__name__", None)
        if self.inference == "moments" and name in ACROSS_UNITS:
            raise ValueError(
                'Argument `activation` must act unit by unit with `inference="moments"`; use '
                f'`inference="mean"`. Received: activation={name}'
            )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if len(input_shape) < 2:
            raise ValueError(
                f"DropConnectDense needs an input of rank >= 2. Received: input_shape={input_shape}"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, x: Any, training: bool | None = None) -> Any:
        if self.rate == 0:
            return self.activation(self._dense(x))
        if training:
            return self.activation(self._sample(x) if self.mask == "gaussian" else self._drop(x))
        if self.inference == "mean":
            return self.activation((1 - self.rate) * self._dense(x))
        return ops.cast(self._expected_activation(*self._moments(x)), self.compute_dtype)

    def _dense(self, x):
        outputs = matmul(x, self.kernel)
        return outputs if self.bias is None else outputs + self.bias

    def _drop(self, x):
        """Return x·(M ∗ W) + m ∗ b; the bias is treated as a weight of an extra input of 1."""
        wide = wide_type(self.compute_dtype)
        kernel = ops.cast(self.kernel, wide)
        bias = None if self.bias is None else ops.cast(self.bias, wide)
        if keras.backend.backend() == "torch" and on_gpu(x):
            return ops.cast(self._drop_at_once(x, kernel, bias), self.compute_dtype)
        examples = ops.cast(ops.reshape(x, (-1, x.shape[-1])), wide)
        outputs = self._drop_in_groups(examples, kernel, bias)
        return ops.reshape(ops.cast(outputs, self.compute_dtype), (*ops.shape(x)[:-1], self.units))

    def _drop_at_once(self, x, kernel, bias):
        examples = x.reshape(-1, x.shape[-1]).to(kernel.dtype)
        groups, inputs = -(-len(examples) // LANES), kernel.shape[0] + (bias is not None)
        masks = draw_bits((groups, inputs, self.units), 1 - self.rate, self.seed_generator)
        return masked_batch(examples, kernel, bias, masks).view(*x.shape[:-1], self.units)

    def _drop_in_groups(self, examples, kernel, bias):
        if bias is not None:
            examples = ops.pad(examples, ((0, 0), (0, 1)), constant_values=1)
            kernel = ops.concatenate([kernel, bias[None]], axis=0)
        count = ops.shape(examples)[0]
        # At least one group: TensorFlow cannot map over an empty axis. JAX needs plain integers.
        groups = (count + LANES - 1) // LANES
        groups = max(1, groups) if isinstance(groups, int) else ops.maximum(1, groups)
        examples = ops.pad(examples, ((0, groups * LANES - count), (0, 0)))
        masks = draw_bits((groups, *kernel.shape), 1 - self.rate, self.seed_generator)
        return masked_product(examples, kernel, masks)[:count]

    def _sample(self, x):
        mean, variance = self._moments(x)
        noise = draw_normal(ops.shape(mean), self.seed_generator, mean.dtype)
        return ops.cast(mean + _root(variance) * noise, self.compute_dtype)

    def _moments(self, x):
        """Return mean and variance of u, in float32 if the compute dtype is half precision."""
        wide = wide_type(self.compute_dtype)
        bias = None if self.bias is None else ops.cast(self.bias, wide)
        return drop_connect_moments(ops.cast(x, wide), ops.cast(self.kernel, wide), bias, self.rate)

    def _expected_activation(self, mean, variance):
        if self.activation is keras.activations.linear:
            return mean
        if self.activation is keras.activations.relu:
            return rectified_normal_mean(mean, variance)
        nodes, weights = np.polynomial.hermite.hermgauss(self.quadrature_points)
        scale = math.sqrt(2) * _root(variance)
        return sum(
            weight / math.sqrt(math.pi) * self.activation(mean + node * scale)
            for node, weight in zip(nodes.tolist(), weights.tolist())
        )

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "rate": self.rate,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "mask": self.mask,
            "inference": self.inference,
            "quadrature_points": self.quadrature_points,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": keras.regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": keras.constraints.serialize(self.kernel_constraint),
            "bias_constraint": keras.constraints.serialize(self.bias_constraint),
            "seed": self.seed,
        }


def _root(variance):
    """Return √variance, with a gradient of 0 instead of NaN where the variance is 0."""
    positive = variance > 0
    root = ops.sqrt(ops.where(positive, variance, ops.ones_like(variance)))
    return ops.where(positive, root, ops.zeros_like(root))
