"""Probabilities made as sure as they deserve, by one number."""

from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.arithmetic import wide_type
from kerasrecipes._validation import check_axis, check_boolean, check_number

SMALLEST = 1.2e-38  # about the least normal float32: the logarithm of a probability of 0 is finite


@keras.saving.register_keras_serializable(package="kerasrecipes")
class TemperatureScaling(keras.layers.Layer):
    """Divides the scores of a classifier by a temperature before the softmax.

    ```
    y = softmax(z / temperature)
    ```

    Probabilities p stand for the scores z = log p, which differ from the network's own by a
    constant that the softmax removes: the layer goes behind a finished model. A temperature above
    1 makes the model less sure, below 1 surer; the order of the classes stays.
    `inference.fit_temperature` finds the number.

    Args:
        temperature: Number above 0. Defaults to 1, which changes nothing.
        from_logits: Boolean, whether the input is scores z and not probabilities p. Defaults to
            `False`.
        axis: Integer, the axis of the classes. Defaults to -1.
        **kwargs: Arguments of `keras.layers.Layer`. Give `dtype="float32"` under mixed precision,
            as to any layer that ends a model.

    Input shape:
        Any, the classes along `axis`.

    Output shape:
        That of the input; sums to 1 along `axis`.

    Raises:
        ValueError: If the temperature is not positive, or `axis` is 0, the batch.

    Example:

    >>> import keras, numpy as np
    >>> from kerasrecipes.layers import TemperatureScaling
    >>> probabilities = np.array([[0.8, 0.1, 0.1]], "float32")
    >>> print(keras.ops.convert_to_numpy(TemperatureScaling(3.0)(probabilities)).round(3))
    [[0.5 0.25 0.25]]

    Reference: Guo, Pleiss, Sun & Weinberger (2017), https://arxiv.org/abs/1706.04599.
    """

    def __init__(
        self, temperature: float = 1.0, from_logits: bool = False, axis: int = -1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_number("temperature", temperature, "(0, inf)")
        check_boolean("from_logits", from_logits)
        check_axis("axis", axis)
        self.temperature = temperature
        self.from_logits = from_logits
        self.axis = axis
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        scores = ops.cast(inputs, wide_type(inputs.dtype))
        if not self.from_logits:
            scores = ops.log(scores + SMALLEST)
        return ops.cast(ops.softmax(scores / self.temperature, axis=self.axis), self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "temperature": self.temperature,
            "from_logits": self.from_logits,
            "axis": self.axis,
        }
