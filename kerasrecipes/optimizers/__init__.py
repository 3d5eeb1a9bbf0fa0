"""Optimizers around those of Keras.

- `LayerwiseLearningRates`: a learning rate of its own for each layer, around any optimizer.
"""

from kerasrecipes.optimizers.layerwise_learning_rates import LayerwiseLearningRates

__all__ = ["LayerwiseLearningRates"]
