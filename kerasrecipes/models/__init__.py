"""Networks as functions that return a Keras model.

`resnet` is He et al.'s, the CIFAR depths and the ImageNet depths; `wide_resnet` is Zagoruyko and
Komodakis's. `normalization_layer` is how either chooses its normalisation by name.
"""

from kerasrecipes.models.normalization import normalization_layer
from kerasrecipes.models.resnet import resnet
from kerasrecipes.models.wide_resnet import wide_resnet

__all__ = ["normalization_layer", "resnet", "wide_resnet"]
