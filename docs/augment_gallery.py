"""Draws docs/augment_gallery.png: every transform at its weakest, default and strongest.

    python docs/augment_gallery.py

The pictures are NASA's portrait of Eileen Collins and R. Michel's cup of coffee, from scikit-image.
"""

import io
import pathlib

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from skimage import data

from kerasrecipes import augment

SIZE = 160
ROWS = {
    "RandomScaleCrop": [
        augment.RandomScaleCrop(SIZE, (1, 1)),
        augment.RandomScaleCrop(SIZE),
        augment.RandomScaleCrop(SIZE, (4, 4)),
    ],
    "RandomResizedCrop": [
        augment.RandomResizedCrop(SIZE, (1, 1), (1, 1)),
        augment.RandomResizedCrop(SIZE),
        augment.RandomResizedCrop(SIZE, (0.05, 0.05), (2, 2)),
    ],
    "PadCrop": [augment.PadCrop(SIZE, padding) for padding in (0, 4, 60)],
    "RandomFlip": [augment.RandomFlip(0), augment.RandomFlip(), augment.RandomFlip(1)],
    "ColorJitter: brightness": [augment.ColorJitter(brightness=(f, f)) for f in (0.3, 1, 1.7)],
    "ColorJitter: contrast": [augment.ColorJitter(contrast=(f, f)) for f in (0.2, 1, 2)],
    "ColorJitter: saturation": [augment.ColorJitter(saturation=(f, f)) for f in (0, 1, 2.5)],
    "ColorJitter: hue": [augment.ColorJitter(hue=(f, f)) for f in (-0.33, 0, 0.33)],
    "PCALighting": [augment.PCALighting(stddev) for stddev in (0, 0.1, 1.0)],
    "RandomWarp: rotation": [augment.RandomWarp(rotation=degrees) for degrees in (0, 20, 180)],
    "RandomWarp: translation": [augment.RandomWarp(translation=f) for f in (0, 0.1, 0.6)],
    "RandomWarp: stretch": [augment.RandomWarp(stretch=f) for f in (0, 0.25, 1.5)],
    "RandomWarp: shear": [augment.RandomWarp(shear=degrees) for degrees in (0, 10, 45)],
    "RandomWarp: lens": [augment.RandomWarp(lens=f) for f in (0, 0.1, 0.33)],
    "RandomErasing": [
        augment.RandomErasing(0),
        augment.RandomErasing(1),
        augment.RandomErasing(1, area=(0.9, 0.9), ratio=(1, 1)),
    ],
    "RandAugment": [augment.RandAugment(0), augment.RandAugment(), augment.RandAugment(4, 10)],
    "TrivialAugment": [augment.TrivialAugment(f) for f in (0, 0.5, 1)],
    "MixUp": [augment.MixUp(0), augment.MixUp(), augment.MixUp(20.0)],
    "CutMix": [augment.CutMix(0), augment.CutMix(), augment.CutMix(20.0)],
    "CenterCrop": [augment.CenterCrop(SIZE, side) for side in (SIZE, None, 400)],
    "ShiftedCrops": [augment.ShiftedCrops(SIZE, shift) for shift in (0, 10, 40)],
    "TenCrop": [augment.TenCrop(SIZE, (side,)) for side in (SIZE, 183, 400)],
    "Normalize": [augment.Normalize(0, 1), augment.Normalize(128, 64), augment.Normalize(128, 16)],
}
SEEDS = np.array([[6381, 4], [3, 4]])  # the first draws every amount of a warp near its end


def result(transform, images):
    """Return one picture as uint8; ten crops side by side."""
    if transform.takes_labels:
        picture = transform(images, np.eye(2, dtype="float32"), SEEDS)[0][0].numpy()
    else:
        picture = transform(images[0], SEEDS[0]).numpy()
    if picture.ndim == 4:
        half = len(picture) // 2
        picture = np.concatenate([np.concatenate(picture[i : i + half], 1) for i in (0, half)])
    if isinstance(transform, augment.Normalize) and picture.min() < 0:
        picture = 127.5 + 40 * picture
    return np.uint8(np.clip(np.round(picture), 0, 255))


def main():
    large = [data.astronaut()[:384, 40:424], np.flip(data.coffee()[:, 100:500], 0)[::-1]]
    images = np.stack([np.uint8(augment.CenterCrop(SIZE, SIZE)(image)) for image in large])
    figure, axes = plt.subplots(len(ROWS), 3, figsize=(6, 2 * len(ROWS)))
    crops = ("RandomScaleCrop", "RandomResizedCrop", "CenterCrop", "ShiftedCrops", "TenCrop")
    for row, (name, transforms) in zip(axes, ROWS.items()):
        for axis, transform, strength in zip(row, transforms, ("weakest", "default", "strongest")):
            axis.imshow(result(transform, [large[0]] if name in crops else images))
            axis.set_title(f"{name}\n{strength}", fontsize=7)
            axis.axis("off")
    figure.tight_layout()
    stream = io.BytesIO()
    figure.savefig(stream, dpi=75)
    small = Image.open(stream).convert("RGB").quantize(128)
    small.save(pathlib.Path(__file__).with_name("augment_gallery.png"), optimize=True)


if __name__ == "__main__":
    main()
