"""Keras layers that Keras does not have, or has slower: thin classes over `kerasrecipes.ops`.

Normalisation
    `GroupNormalization`: Keras's layer in a third of the time, exact far from zero.
    `InstanceNormalization`: each channel of each sample by itself.
    `DecorrelatedBatchNormalization`: whitens groups of channels over the batch.

Pooling
    `FractionalMaxPooling2D`: shrinks by a factor between 1 and 2.

Dense
    `Maxout`: the largest of several linear maps.

Preprocessing
    `ImagePreprocessing`: raw pixels in, network input out.
    `PixelScaling`: the same without resizing, channels reversed for networks trained so.
    `Whitening`: centring, decorrelation, whitening with the statistics of a data set.

Serving
    `ClassNames`: the names of the classes, inside the model.
    `TemperatureScaling`: probabilities as sure as they deserve.

Randomness
    `DropConnectDense`: a dense layer whose weights are dropped for each example.
    `DropConnect`: any layer with a kernel, whose weights are dropped for the batch.
    `DropPath`: a residual branch zeroed for some samples.
    `StochasticDepth`: a residual block whose dropped work is not done.
    `linear_drop_rates`: the drop rate of each block, growing with depth.
"""

from kerasrecipes.layers.class_names import ClassNames
from kerasrecipes.layers.decorrelated_batch_normalization import DecorrelatedBatchNormalization
from kerasrecipes.layers.drop_connect import DropConnect
from kerasrecipes.layers.drop_connect_dense import DropConnectDense
from kerasrecipes.layers.drop_path import DropPath
from kerasrecipes.layers.fractional_max_pooling_2d import FractionalMaxPooling2D
from kerasrecipes.layers.group_normalization import GroupNormalization
from kerasrecipes.layers.image_preprocessing import ImagePreprocessing
from kerasrecipes.layers.instance_normalization import InstanceNormalization
from kerasrecipes.layers.linear_drop_rates import linear_drop_rates
from kerasrecipes.layers.maxout import Maxout
from kerasrecipes.layers.pixel_scaling import PixelScaling
from kerasrecipes.layers.stochastic_depth import StochasticDepth
from kerasrecipes.layers.temperature_scaling import TemperatureScaling
from kerasrecipes.layers.whitening import Whitening

__all__ = [
    "ClassNames",
    "DecorrelatedBatchNormalization",
    "DropConnect",
    "DropConnectDense",
    "DropPath",
    "FractionalMaxPooling2D",
    "GroupNormalization",
    "InstanceNormalization",
    "Maxout",
    "TemperatureScaling",
    "Whitening",
    "ImagePreprocessing",
    "PixelScaling",
    "StochasticDepth",
    "linear_drop_rates",
]
