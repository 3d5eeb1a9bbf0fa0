"""Pure functions of tensors, on every backend.

Nothing here holds weights or draws random numbers; the layers add both.

- `zca_whitening`: the inverse square root of covariance matrices, with an exact gradient
- `newton_whitening`: an approximation of it by matrix products alone
"""

from kerasrecipes.ops.newton_whitening import newton_whitening
from kerasrecipes.ops.zca_whitening import zca_whitening

__all__ = ["newton_whitening", "zca_whitening"]
