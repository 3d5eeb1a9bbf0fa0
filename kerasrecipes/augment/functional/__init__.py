"""The arithmetic of the transforms as pure functions: no seed, no state.

- `short_side_size`, `center_offset`, `crop`, `center_crop`, `ten_crop`: sizes and crops
- `resize`, `resize_crop`, `resize_window`: bilinear resampling
- `flip`, `normalize`: mirror image, mean and deviation
"""

from kerasrecipes.augment.functional.crops import (
    center_crop,
    center_offset,
    crop,
    image_size,
    short_side_size,
    ten_crop,
)
from kerasrecipes.augment.functional.pixels import flip, normalize
from kerasrecipes.augment.functional.resampling import resize, resize_crop, resize_window

__all__ = [
    "center_crop",
    "center_offset",
    "crop",
    "flip",
    "image_size",
    "normalize",
    "resize",
    "resize_crop",
    "resize_window",
    "short_side_size",
    "ten_crop",
]
