"""Crops that the transforms draw from one photo."""

import numpy as np

from docs_build.pictures._images import photo
from docs_build.pictures._style import pictures
from kerasrecipes import augment

SIZE = 160


def draw():
    """Four draws of each training crop, and views of the test."""
    image = photo("china")
    kinds = {
        "RandomScaleCrop": augment.RandomScaleCrop(SIZE),
        "RandomResizedCrop": augment.RandomResizedCrop(SIZE, (0.2, 1.0)),
        "PadCrop": augment.PadCrop(SIZE, 20),
    }
    figure, axes = pictures(5, 4, height=6.3)
    for row, (title, transform) in zip(axes, kinds.items()):
        source = photo("china", SIZE) if title == "PadCrop" else image
        for number, axis in enumerate(row):
            axis.imshow(np.uint8(np.asarray(transform(source, (1, number)))))
        row[0].set_title(title, fontsize=8, loc="left")
    views = np.uint8(np.asarray(augment.TenCrop(SIZE, (200,))(image, (0, 0))))[:5]
    for axis, view in zip(axes[3], views):
        axis.imshow(view)
    axes[3][0].set_title("TenCrop: five, and their mirror images", fontsize=8, loc="left")
    return figure
