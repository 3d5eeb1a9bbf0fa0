"""Image augmentation and the input pipeline, on `tf.data`, for every Keras backend.

- `pipeline`: batches from a dataset of images or encoded bytes
- `benchmark`: images a second of its stages, and which holds it back (`Report`)
- `RandomScaleCrop`: scale jitter and random crop; `RandomResizedCrop`: a random part, resized
- `PadCrop`: random crop of the padded image; `RandomFlip`: mirror image
- `RandomWarp`: rotation, translation, stretch, shear and lens in one resampling
- `ColorJitter`, `PCALighting`: colour; `RandomErasing`: a rectangle overwritten
- `RandAugment`, `TrivialAugment`: random operations of Pillow
- `MixUp`, `CutMix`: pairs of images and labels
- `CenterCrop`, `TenCrop`, `ShiftedCrops`: test crops
- `DecodeImage`: bytes to pixels; `Normalize`: mean and standard deviation
- `export_jpeg_classifier`: a trained model that takes JPEG bytes
- `Transform`: what every transform shares
- `functional`: the arithmetic as pure functions; `draws`: random numbers from a seed alone
"""

from kerasrecipes._backend.requirement import require_tensorflow

require_tensorflow("augment")

from kerasrecipes.augment import draws, functional  # noqa: E402
from kerasrecipes.augment.benchmark import Report, benchmark  # noqa: E402
from kerasrecipes.augment.center_crop import CenterCrop  # noqa: E402
from kerasrecipes.augment.color_jitter import ColorJitter  # noqa: E402
from kerasrecipes.augment.cut_mix import CutMix  # noqa: E402
from kerasrecipes.augment.decode_image import DecodeImage  # noqa: E402
from kerasrecipes.augment.export import export_jpeg_classifier  # noqa: E402
from kerasrecipes.augment.mix_up import MixUp  # noqa: E402
from kerasrecipes.augment.normalize import Normalize  # noqa: E402
from kerasrecipes.augment.pad_crop import PadCrop  # noqa: E402
from kerasrecipes.augment.pca_lighting import PCALighting  # noqa: E402
from kerasrecipes.augment.pipeline import pipeline  # noqa: E402
from kerasrecipes.augment.rand_augment import RandAugment  # noqa: E402
from kerasrecipes.augment.random_erasing import RandomErasing  # noqa: E402
from kerasrecipes.augment.random_flip import RandomFlip  # noqa: E402
from kerasrecipes.augment.random_resized_crop import RandomResizedCrop  # noqa: E402
from kerasrecipes.augment.random_scale_crop import RandomScaleCrop  # noqa: E402
from kerasrecipes.augment.random_warp import RandomWarp  # noqa: E402
from kerasrecipes.augment.shifted_crops import ShiftedCrops  # noqa: E402
from kerasrecipes.augment.ten_crop import TenCrop  # noqa: E402
from kerasrecipes.augment.transform import Transform  # noqa: E402
from kerasrecipes.augment.trivial_augment import TrivialAugment  # noqa: E402

__all__ = [
    "CenterCrop",
    "ColorJitter",
    "CutMix",
    "DecodeImage",
    "MixUp",
    "Normalize",
    "PCALighting",
    "PadCrop",
    "RandAugment",
    "RandomErasing",
    "RandomFlip",
    "RandomResizedCrop",
    "RandomScaleCrop",
    "RandomWarp",
    "Report",
    "ShiftedCrops",
    "TenCrop",
    "Transform",
    "TrivialAugment",
    "benchmark",
    "draws",
    "export_jpeg_classifier",
    "functional",
    "pipeline",
]
