"""Weights at the start of a training, chosen by what they do to data.

- `LSUV`: orthogonal kernels, then outputs of unit variance, layer by layer.
- `PatchWhitening`: a convolution whose outputs are whitened patches of images.

Initialisers that need no data (Glorot, He, orthogonal) are Keras's own.
"""

from kerasrecipes.initializers.lsuv import LSUV, LayerScale
from kerasrecipes.initializers.patch_whitening import PatchWhitening

__all__ = ["LSUV", "LayerScale", "PatchWhitening"]
