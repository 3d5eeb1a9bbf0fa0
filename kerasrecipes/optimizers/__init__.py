"""Keras optimizers that wrap others, weight decay, and full-batch training.

- `LayerwiseLearningRates`: one learning rate per layer, with any optimizer.
- `decay_kernels`: weight decay that leaves out biases and weights of normalisations.
- `fit_lbfgs`: trains a small model on all data at once by L-BFGS.
"""

from kerasrecipes.optimizers.decay_kernels import decay_kernels
from kerasrecipes.optimizers.fit_lbfgs import fit_lbfgs
from kerasrecipes.optimizers.layerwise_learning_rates import LayerwiseLearningRates

__all__ = ["LayerwiseLearningRates", "decay_kernels", "fit_lbfgs"]
