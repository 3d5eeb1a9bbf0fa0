"""The arithmetic of the transforms as pure functions: no seed, no state.

- `short_side_size`, `center_offset`, `crop`, `center_crop`, `pad_crop`, `ten_crop`: crops
- `resize`, `resize_crop`, `resize_window`: bilinear resampling
- `auto_contrast`, `equalize`, `posterize`, `sharpen`, `solarize`: as in Pillow
- `warp`, `warp_affine`, `affine_matrix`: rotation, stretch, shear, shift and lens in one resampling
- `flip`, `normalize`, `restore_dtype`: mirror image, mean and standard deviation, rounding
- `adjust_brightness`, `adjust_contrast`, `adjust_saturation`, `adjust_hue`, `to_grey`,
  `lighting_offset`, `add_lighting`: colour
- `mix_up`, `cut_mix`, `rectangle_mask`: mixing and rectangles
"""

from kerasrecipes.augment.functional.color import (
    add_lighting,
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
    lighting_offset,
    restore_dtype,
    to_grey,
)
from kerasrecipes.augment.functional.crops import (
    center_crop,
    center_offset,
    crop,
    image_size,
    pad_crop,
    short_side_size,
    ten_crop,
    ten_windows,
)
from kerasrecipes.augment.functional.enhance import (
    auto_contrast,
    equalize,
    posterize,
    sharpen,
    solarize,
)
from kerasrecipes.augment.functional.mixing import cut_mix, mix_up, rectangle_mask
from kerasrecipes.augment.functional.pixels import flip, normalize
from kerasrecipes.augment.functional.resampling import resize, resize_crop, resize_window
from kerasrecipes.augment.functional.warping import affine_matrix, warp, warp_affine

__all__ = [
    "add_lighting",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_hue",
    "adjust_saturation",
    "affine_matrix",
    "auto_contrast",
    "center_crop",
    "center_offset",
    "crop",
    "cut_mix",
    "equalize",
    "flip",
    "image_size",
    "lighting_offset",
    "mix_up",
    "normalize",
    "pad_crop",
    "posterize",
    "rectangle_mask",
    "resize",
    "resize_crop",
    "resize_window",
    "restore_dtype",
    "sharpen",
    "short_side_size",
    "solarize",
    "ten_crop",
    "ten_windows",
    "to_grey",
    "warp",
    "warp_affine",
]
