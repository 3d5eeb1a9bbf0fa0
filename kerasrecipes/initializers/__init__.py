"""Weights at the start of a training, chosen by what they do to data.

- `LSUV`: orthogonal kernels, then outputs of unit variance, layer by layer.

Initialisers that need no data (Glorot, He, orthogonal) are Keras's own.
"""

from kerasrecipes.initializers.lsuv import LSUV, LayerScale

__all__ = ["LSUV", "LayerScale"]
