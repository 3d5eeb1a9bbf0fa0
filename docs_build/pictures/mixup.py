"""What MixUp and CutMix make of two photos."""

import numpy as np

from docs_build.pictures._images import photo
from docs_build.pictures._style import pictures
from kerasrecipes import augment

SEEDS = np.array([[4, 7], [4, 3]])


def draw():
    """Two photos, blended, and one pasted into the other."""
    images = np.stack([photo("flower", 240), photo("china", 240)])
    labels = np.eye(2, dtype="float32")
    figure, axes = pictures(4)
    shown = {"flower": images[0], "temple": images[1]}
    for name, transform in (("MixUp", augment.MixUp(5.0)), ("CutMix", augment.CutMix(5.0))):
        mixed, soft = transform(images, labels, SEEDS)
        flower, temple = np.asarray(soft)[0]
        shown[f"{name}:\n{flower:.0%} flower, {temple:.0%} temple"] = np.asarray(mixed)[0]
    for axis, (title, image) in zip(axes.flat, shown.items()):
        axis.imshow(np.uint8(np.clip(np.round(image), 0, 255)))
        axis.set_title(title, fontsize=8)
    return figure
