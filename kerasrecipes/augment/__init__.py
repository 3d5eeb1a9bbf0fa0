"""Image augmentation and the input pipeline, on `tf.data`, for every Keras backend.

- `pipeline`: batches from a dataset of images or encoded bytes
- `RandomScaleCrop`: scale jitter and random crop; `RandomFlip`: mirror image
- `CenterCrop`, `TenCrop`: test crops
- `DecodeImage`: bytes to pixels; `Normalize`: mean and deviation
- `Transform`: what every transform shares
- `functional`: the arithmetic as pure functions; `draws`: random numbers from a seed alone
"""

from kerasrecipes._backend.requirement import require_tensorflow

require_tensorflow("augment")

from kerasrecipes.augment import draws, functional  # noqa: E402
from kerasrecipes.augment.center_crop import CenterCrop  # noqa: E402
from kerasrecipes.augment.decode_image import DecodeImage  # noqa: E402
from kerasrecipes.augment.normalize import Normalize  # noqa: E402
from kerasrecipes.augment.pipeline import pipeline  # noqa: E402
from kerasrecipes.augment.random_flip import RandomFlip  # noqa: E402
from kerasrecipes.augment.random_scale_crop import RandomScaleCrop  # noqa: E402
from kerasrecipes.augment.ten_crop import TenCrop  # noqa: E402
from kerasrecipes.augment.transform import Transform  # noqa: E402

__all__ = [
    "CenterCrop",
    "DecodeImage",
    "Normalize",
    "RandomFlip",
    "RandomScaleCrop",
    "TenCrop",
    "Transform",
    "draws",
    "functional",
    "pipeline",
]
