"""Keras optimizers that wrap others, and full-batch training.

- `LayerwiseLearningRates`: one learning rate per layer, with any optimizer.
- `fit_lbfgs`: trains a small model on all data at once by L-BFGS.
"""

from kerasrecipes.optimizers.fit_lbfgs import fit_lbfgs
from kerasrecipes.optimizers.layerwise_learning_rates import LayerwiseLearningRates

__all__ = ["LayerwiseLearningRates", "fit_lbfgs"]
