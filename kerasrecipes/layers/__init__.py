"""Keras layers that Keras does not have, or has slower: thin classes over `kerasrecipes.ops`.

Randomness
    `StochasticDepth`: a residual block whose dropped work is not done.
    `linear_drop_rates`: the drop rate of each block, growing with depth.
"""

from kerasrecipes.layers.image_preprocessing import ImagePreprocessing
from kerasrecipes.layers.linear_drop_rates import linear_drop_rates
from kerasrecipes.layers.stochastic_depth import StochasticDepth

__all__ = [
    "ImagePreprocessing",
    "StochasticDepth",
    "linear_drop_rates",
]
