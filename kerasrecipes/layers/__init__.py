"""Keras layers that Keras does not have, or has slower: thin classes over `kerasrecipes.ops`.

Normalisation
    `GroupNormalization`: Keras's layer in a third of the time, exact far from zero.
    `InstanceNormalization`: each channel of each sample by itself.
    `DecorrelatedBatchNormalization`: whitens groups of channels over the batch.

Dense
    `Maxout`: the largest of several linear maps.

Preprocessing
    `ImagePreprocessing`: raw pixels in, network input out.
    `Whitening`: centring, decorrelation, whitening with the statistics of a data set.

Randomness
    `StochasticDepth`: a residual block whose dropped work is not done.
    `linear_drop_rates`: the drop rate of each block, growing with depth.
"""

from kerasrecipes.layers.decorrelated_batch_normalization import DecorrelatedBatchNormalization
from kerasrecipes.layers.group_normalization import GroupNormalization
from kerasrecipes.layers.image_preprocessing import ImagePreprocessing
from kerasrecipes.layers.instance_normalization import InstanceNormalization
from kerasrecipes.layers.linear_drop_rates import linear_drop_rates
from kerasrecipes.layers.maxout import Maxout
from kerasrecipes.layers.stochastic_depth import StochasticDepth
from kerasrecipes.layers.whitening import Whitening

__all__ = [
    "DecorrelatedBatchNormalization",
    "GroupNormalization",
    "InstanceNormalization",
    "Maxout",
    "Whitening",
    "ImagePreprocessing",
    "StochasticDepth",
    "linear_drop_rates",
]
