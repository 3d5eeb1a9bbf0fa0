"""Temperature scaling: calibration by one scalar."""

from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.arithmetic import wide_type
from kerasrecipes._validation import check_axis, check_boolean, check_number

SMALLEST = 1.2e-38  # about the smallest normal float32; keeps the logarithm of 0 finite


@keras.saving.register_keras_serializable(package="kerasrecipes")
class TemperatureScaling(keras.layers.Layer):
    """Divides the logits of a classifier by a temperature before the softmax.

    ```
    y = softmax(z / temperature)
    ```

    From probabilities p the logits are z = log p, which differ from the network's logits by a
    constant that the softmax removes: the layer can follow any trained classifier. A temperature
    above 1 makes predictions less confident, below 1 more confident; the order of the classes
    stays the same. `inference.fit_temperature` finds the temperature.

    Args:
        temperature: float > 0. Defaults to 1, which changes nothing.
        from_logits: bool, whether the input is logits z and not probabilities p. Defaults to
            `False`.
        axis: int, the axis of the classes. Defaults to -1.
        **kwargs: Arguments of `keras.layers.Layer`. Give `dtype="float32"` under mixed precision,
            as to the last layer of any model.

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
        logits = ops.cast(inputs, wide_type(inputs.dtype))
        if not self.from_logits:
            logits = ops.log(logits + SMALLEST)
        return ops.cast(ops.softmax(logits / self.temperature, axis=self.axis), self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "temperature": self.temperature,
            "from_logits": self.from_logits,
            "axis": self.axis,
        }
