"""DropConnect: wraps any layer with a kernel and drops weights in training."""

from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.random_draws import draw_uniform, own_seed_generator
from kerasrecipes._validation import check_number
from kerasrecipes.layers._wrapped import (
    assign_state,
    call_with_values,
    check_layer,
    serialize_layer,
)

KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel", "embeddings")


@keras.saving.register_keras_serializable(package="kerasrecipes")
class DropConnect(keras.Layer):
    """Drops single weights of the wrapped layer's kernel, one mask for the whole batch.

    training: the layer with kernel M ∗ W / (1 - rate), M a fresh Bernoulli mask; biases stay
    inference: the plain layer

    For one mask per example, as in the paper, use `DropConnectDense`.

    Args:
        layer: Keras layer with a kernel or embeddings: Dense, EinsumDense, any convolution
            (depthwise, separable and transposed too), Embedding.
        rate: float in [0, 1), the probability that a weight is dropped. Defaults to 0.5.
        seed: int or `None`.
        **kwargs: `name`, `dtype` and other arguments of `keras.Layer`.

    Input shape: that of the wrapped layer.
    Output shape: that of the wrapped layer.

    Raises:
        ValueError, TypeError: if an argument is out of its range or of the wrong type, or if the
            layer has no kernel (checked when it is built).

    Example:

    >>> import keras
    >>> from kerasrecipes import layers
    >>> dense = keras.layers.Dense(1000, kernel_initializer="ones")
    >>> y = layers.DropConnect(dense, rate=0.5, seed=0)(keras.ops.ones((1, 1)), training=True)
    >>> sorted(set(keras.ops.convert_to_numpy(y)[0].tolist()))
    [0.0, 2.0]

    Reference: Wan et al., 2013, Regularization of neural networks using DropConnect,
    https://proceedings.mlr.press/v28/wan13.html. One mask per batch and the rescaling are ours.
    """

    def __init__(
        self, layer: keras.Layer, rate: float = 0.5, seed: int | None = None, **kwargs: Any
    ) -> None:
        # Masks are applied to variables in their own dtype, not in the compute dtype.
        super().__init__(autocast=False, **kwargs)
        check_layer("layer", layer)
        check_number("rate", rate, "[0, 1)")
        self.layer = layer
        self.rate = rate
        self.seed = seed
        self.seed_generator = own_seed_generator(seed)
        self.supports_masking = True
        if layer.built:
            self._check_kernels()

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)
        self._check_kernels()

    def _check_kernels(self):
        if not self._kernel_names():
            raise ValueError(
                f"Argument `layer` must have one of the weights {', '.join(KERNELS)}. "
                f"Received: layer={self.layer.name} (of type {type(self.layer).__name__})"
            )

    def call(self, x: Any, training: bool | None = None) -> Any:
        if not training or self.rate == 0:
            return self.layer(x)
        values = [(variable, variable.value) for variable in self.layer.variables]
        # The last value listed for a variable is used.
        values += [self._masked(name) for name in self._kernel_names()]
        outputs, losses, state = call_with_values(self.layer, values, x)
        assign_state(self.layer, state)
        if losses:
            self.add_loss(losses)
        return outputs

    def _kernel_names(self):
        return [name for name in KERNELS if getattr(self.layer, name, None) is not None]

    def _masked(self, name):
        """Return a kernel's variable, and the value that makes the layer's kernel masked."""
        kernel = getattr(self.layer, name)
        stored = kernel
        if not isinstance(kernel, keras.Variable):
            stored = next(variable for variable in self.layer.variables if variable.name == name)
        if "float" not in keras.backend.standardize_dtype(stored.dtype):
            raise ValueError(
                "Argument `layer` must not be quantized in training. Received: "
                f"layer={self.layer.name} with {name} of dtype {stored.dtype}"
            )
        value, shape = stored.value, stored.shape
        draws = draw_uniform(shape, self.seed_generator, common=True)  # a mask of all replicas
        # With LoRA the layer adds an update to the variable; the mask applies to the sum.
        added = None if kernel is stored else ops.cast(kernel, value.dtype) - value
        weights = value if added is None else value + added
        masked = ops.where(draws >= self.rate, weights / (1 - self.rate), ops.zeros_like(weights))
        return stored, masked if added is None else masked - added

    def compute_output_spec(self, x: Any, training: bool | None = None) -> Any:
        return self.layer.compute_output_spec(x)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return self.layer.compute_output_shape(input_shape)

    def compute_mask(self, x: Any, previous_mask: Any) -> Any:
        return self.layer.compute_mask(x, previous_mask) if self.layer.supports_masking else None

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "layer": serialize_layer(self.layer),
            "rate": self.rate,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        layer = keras.saving.deserialize_keras_object(config["layer"])
        return cls(**{**config, "layer": layer})
