"""Image augmentation and the input pipeline, on `tf.data`, for every Keras backend.

- `pipeline`: batches from a dataset of images or encoded bytes
- `OnDevice`: transforms of whole batches by the Keras backend, without TensorFlow
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

from kerasrecipes.augment import draws, functional
from kerasrecipes.augment.benchmark import Report, benchmark
from kerasrecipes.augment.center_crop import CenterCrop
from kerasrecipes.augment.color_jitter import ColorJitter
from kerasrecipes.augment.cut_mix import CutMix
from kerasrecipes.augment.decode_image import DecodeImage
from kerasrecipes.augment.export import export_jpeg_classifier
from kerasrecipes.augment.mix_up import MixUp
from kerasrecipes.augment.normalize import Normalize
from kerasrecipes.augment.on_device import OnDevice
from kerasrecipes.augment.pad_crop import PadCrop
from kerasrecipes.augment.pca_lighting import PCALighting
from kerasrecipes.augment.pipeline import pipeline
from kerasrecipes.augment.rand_augment import RandAugment
from kerasrecipes.augment.random_erasing import RandomErasing
from kerasrecipes.augment.random_flip import RandomFlip
from kerasrecipes.augment.random_resized_crop import RandomResizedCrop
from kerasrecipes.augment.random_scale_crop import RandomScaleCrop
from kerasrecipes.augment.random_warp import RandomWarp
from kerasrecipes.augment.shifted_crops import ShiftedCrops
from kerasrecipes.augment.ten_crop import TenCrop
from kerasrecipes.augment.transform import Transform
from kerasrecipes.augment.trivial_augment import TrivialAugment

__all__ = [
    "CenterCrop",
    "ColorJitter",
    "CutMix",
    "DecodeImage",
    "MixUp",
    "Normalize",
    "OnDevice",
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
