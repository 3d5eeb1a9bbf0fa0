"""Pure functions of tensors, on every backend.

Nothing here holds weights or draws random numbers; the layers add both.

- `zca_whitening`: the inverse square root of covariance matrices, with an exact gradient
- `newton_whitening`: an approximate inverse square root by matrix products alone
- `fractional_boundaries`, `fractional_starts`: the regions of fractional max pooling
- `fractional_max_pool`: the maximum over these regions
- `drop_connect_moments`: mean and variance of a dense unit with dropped weights
- `rectified_normal_mean`: the mean of a rectified normal variable
"""

from kerasrecipes.ops.drop_connect_moments import drop_connect_moments
from kerasrecipes.ops.fractional_max_pool import fractional_max_pool
from kerasrecipes.ops.fractional_regions import fractional_boundaries, fractional_starts
from kerasrecipes.ops.newton_whitening import newton_whitening
from kerasrecipes.ops.rectified_normal_mean import rectified_normal_mean
from kerasrecipes.ops.zca_whitening import zca_whitening

__all__ = [
    "drop_connect_moments",
    "fractional_boundaries",
    "fractional_max_pool",
    "fractional_starts",
    "newton_whitening",
    "rectified_normal_mean",
    "zca_whitening",
]
