"""One row for each public transform: how to make it, its identity, what it keeps."""

import dataclasses

from kerasrecipes import augment

GREY_LIGHT = {"eigenvalues": [0.05], "eigenvectors": [[1.0]]}


@dataclasses.dataclass(frozen=True)
class Row:
    """A transform under contract; `identity` changes nothing on a 24x24 image."""

    make: object
    identity: object = None
    size: int | None = None  # of the output, where it is not the input's
    keeps_dtype: bool = True
    in_range: bool = True
    random: bool = True
    grey: object = None  # another maker for grey images


CONTRACT = {
    "CenterCrop": Row(
        lambda: augment.CenterCrop(16), lambda: augment.CenterCrop(24, 24), 16, False, random=False
    ),
    "ColorJitter": Row(
        lambda: augment.ColorJitter(0.4, 0.4, 0.4, 0.1), lambda: augment.ColorJitter()
    ),
    "CutMix": Row(lambda: augment.CutMix(1.0), lambda: augment.CutMix(0)),
    "MixUp": Row(lambda: augment.MixUp(0.4), lambda: augment.MixUp(0)),
    "Normalize": Row(
        lambda: augment.Normalize(120, 60),
        lambda: augment.Normalize(0, 1),
        keeps_dtype=False,
        in_range=False,
        random=False,
    ),
    "PCALighting": Row(
        lambda: augment.PCALighting(0.5),
        lambda: augment.PCALighting(0),
        grey=lambda: augment.PCALighting(0.5, **GREY_LIGHT),
    ),
    "PadCrop": Row(lambda: augment.PadCrop(16, 4), lambda: augment.PadCrop(24, 0), 16),
    "RandAugment": Row(lambda: augment.RandAugment(), lambda: augment.RandAugment(count=0)),
    "RandomErasing": Row(lambda: augment.RandomErasing(1.0), lambda: augment.RandomErasing(0)),
    "RandomFlip": Row(lambda: augment.RandomFlip(), lambda: augment.RandomFlip(0)),
    "RandomResizedCrop": Row(
        lambda: augment.RandomResizedCrop(16),
        lambda: augment.RandomResizedCrop(24, (1, 1), (1, 1)),
        16,
        False,
    ),
    "RandomScaleCrop": Row(
        lambda: augment.RandomScaleCrop(16),
        lambda: augment.RandomScaleCrop(24, (1, 1)),
        16,
        False,
    ),
    "RandomWarp": Row(
        lambda: augment.RandomWarp(30, 0.2, 0.2, 10, 0.2), lambda: augment.RandomWarp()
    ),
    "ShiftedCrops": Row(lambda: augment.ShiftedCrops(16, 2), None, None, False, random=False),
    "TenCrop": Row(lambda: augment.TenCrop(16), None, None, False, random=False),
    "TrivialAugment": Row(
        lambda: augment.TrivialAugment(), lambda: augment.TrivialAugment(strongest=0)
    ),
}
