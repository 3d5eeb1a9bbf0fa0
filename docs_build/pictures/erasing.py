"""Random erasing of a photo."""

from docs_build.pictures._draws import draws
from kerasrecipes import augment


def draw():
    """Six draws."""
    return draws({"RandomErasing": augment.RandomErasing(1.0)}, 6)
