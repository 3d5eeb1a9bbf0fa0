"""Dropout as it was first written down: it scales at test, not in training."""

from typing import Any

import keras


class VanillaDropout(keras.layers.Dropout):
    """The first form of dropout: training h ∗ mask, test (1 - rate) · h.

    `keras.layers.Dropout` is the inverted form: training h ∗ mask / (1 - rate), test h. This is
    1 - rate times that, in training and at test.

    Args:
        rate: float in [0, 1), the probability that a unit is dropped.
        **kwargs: as of `keras.layers.Dropout`.

    Reference: Srivastava et al., 2014, https://jmlr.org/papers/v15/srivastava14a.html.
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        return (1 - self.rate) * super().call(inputs, training=training)
