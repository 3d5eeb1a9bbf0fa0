"""Keras layers that Keras does not have, or has slower: thin classes over `kerasrecipes.ops`.

Normalisation
    `GroupNormalization`: faster than Keras's layer, and accurate where the mean is large.
    `InstanceNormalization`: normalises each channel of each example separately.
    `DecorrelatedBatchNormalization`: whitens groups of channels over the batch.
    `GhostBatchNormalization`: batch normalisation with the statistics of a few images at a time.

Pooling
    `FractionalMaxPooling2D`: shrinks by a factor between 1 and 2.

Dense
    `Maxout`: the largest of several linear maps.

Preprocessing
    `ImagePreprocessing`: resizes, crops and normalises raw images.
    `PixelScaling`: normalises raw pixels without resizing; optionally RGB to BGR.
    `Whitening`: centring, decorrelation or whitening with the statistics of a data set.

Serving
    `ClassNames`: stores the names of the classes in the model.
    `TemperatureScaling`: calibrates probabilities by one scalar.

Randomness
    `DropConnectDense`: a dense layer that drops weights, with one mask per example.
    `DropConnect`: wraps any layer with a kernel and drops weights, with one mask per batch.
    `DropPath`: zeroes a residual branch for some examples.
    `StochasticDepth`: a residual block that does not compute the branches it drops.
    `linear_drop_rates`: a drop rate for each block, growing with depth.
"""

from kerasrecipes.layers.class_names import ClassNames
from kerasrecipes.layers.decorrelated_batch_normalization import DecorrelatedBatchNormalization
from kerasrecipes.layers.drop_connect import DropConnect
from kerasrecipes.layers.drop_connect_dense import DropConnectDense
from kerasrecipes.layers.drop_path import DropPath
from kerasrecipes.layers.fractional_max_pooling_2d import FractionalMaxPooling2D
from kerasrecipes.layers.ghost_batch_normalization import GhostBatchNormalization
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
    "GhostBatchNormalization",
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
