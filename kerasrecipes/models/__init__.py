"""Networks as functions that return a Keras model.

`resnet` is He et al.'s, the CIFAR depths and the ImageNet depths; `wide_resnet` is Zagoruyko and
Komodakis's. `normalization_layer` is how either chooses its normalisation by name.
`backbone` is a pretrained network without its classifier, `stages` the layers of any network at
which its resolution changes.
"""

from kerasrecipes.models.backbone import backbone
from kerasrecipes.models.normalization import normalization_layer
from kerasrecipes.models.resnet import resnet
from kerasrecipes.models.stages import stages
from kerasrecipes.models.wide_resnet import wide_resnet

__all__ = ["backbone", "normalization_layer", "resnet", "stages", "wide_resnet"]
