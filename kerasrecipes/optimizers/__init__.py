"""Keras optimizers that wrap others.

- `LayerwiseLearningRates`: one learning rate per layer, with any optimizer.
"""

from kerasrecipes.optimizers.layerwise_learning_rates import LayerwiseLearningRates

__all__ = ["LayerwiseLearningRates"]
