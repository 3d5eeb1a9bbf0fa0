"""A row of pictures for each transform."""

import numpy as np

from docs_build.pictures._images import photo
from docs_build.pictures._style import pictures


def draws(transforms, columns, name="flower", seed=1):
    """Draw each of {title: transform} some times on a photo, a row each."""
    image = photo(name, 200)
    figure, axes = pictures(columns, len(transforms))
    for row, (title, transform) in zip(axes, transforms.items()):
        for number, axis in enumerate(row):
            axis.imshow(np.uint8(np.round(np.asarray(transform(image, (seed, number))))))
        row[0].set_title(title, fontsize=8, loc="left")
    return figure
