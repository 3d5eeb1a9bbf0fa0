"""Instance normalisation: normalises each channel of each example separately."""

from typing import Any

import keras

from kerasrecipes._validation import check_rank
from kerasrecipes.layers.group_normalization import GroupNormalization


@keras.saving.register_keras_serializable(package="kerasrecipes")
class InstanceNormalization(GroupNormalization):
    """Normalises each channel per example, the same in training and inference.

    y = gamma · (x - μ) / √(σ² + ε) + beta, with μ and the biased σ² over all positions of one
    channel of one example: `GroupNormalization(groups=-1)`.

    Args:
        axis: int, the axis of the channels, not the batch axis 0. Defaults to -1.
        epsilon: float > 0, added to the variance. Defaults to 1e-5.
        center: bool, whether to add `beta`. Defaults to `True`.
        scale: bool, whether to multiply by `gamma`. Defaults to `True`.
        **kwargs: `beta_initializer` ("zeros"), `gamma_initializer` ("ones"), `beta_regularizer`,
            `gamma_regularizer`, `beta_constraint`, `gamma_constraint` (`None`) as in Keras, and
            arguments of `keras.layers.Layer`.

    Input shape:
        Floats of rank 3 or more, the batch first.

    Output shape:
        That of the input.

    Raises:
        ValueError: The rank is below 3: a channel with one position would always become 0.
        TypeError: The inputs are integers.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from kerasrecipes.layers import InstanceNormalization
    >>> y = InstanceNormalization()(np.array([[[1.0], [3.0]], [[10.0], [30.0]]], "float32"))
    >>> print(np.round(keras.ops.convert_to_numpy(y)[..., 0], 3))
    [[-1.  1.]
     [-1.  1.]]

    Reference:
        - Ulyanov et al., Instance Normalization: The Missing Ingredient for Fast Stylization,
          2016, https://arxiv.org/abs/1607.08022.
    """

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(-1, axis, epsilon, center, scale, **kwargs)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        check_rank("inputs", input_shape, 3)
        super().build(input_shape)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["groups"]
        return config
