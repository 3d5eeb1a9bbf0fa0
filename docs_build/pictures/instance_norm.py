"""Instance normalisation takes away brightness and contrast."""

import numpy as np

from docs_build.pictures._images import photo
from docs_build.pictures._style import pictures
from kerasrecipes import layers


def draw():
    """A photo, dark and pale, above; below, each after the layer."""
    image = np.float32(photo("flower", 240)) / 255
    versions = {"photo": image, "dark": 0.35 * image, "pale": 0.4 * image + 0.6}
    figure, axes = pictures(3, 2, height=5.2)
    for column, (title, version) in zip(axes.T, versions.items()):
        normalized = np.asarray(layers.InstanceNormalization()(version[None]))[0]
        column[0].imshow(np.clip(version, 0, 1))
        column[0].set_title(title)
        column[1].imshow(np.clip(0.5 + normalized / 5, 0, 1))
        column[1].set_title("after the layer")
    return figure
