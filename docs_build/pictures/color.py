"""Colour jitter and PCA lighting on a photo."""

from docs_build.pictures._draws import draws
from kerasrecipes import augment


def draw():
    """Five draws of each kind."""
    kinds = {
        "brightness 0.6": augment.ColorJitter(brightness=0.6),
        "contrast 0.8": augment.ColorJitter(contrast=0.8),
        "saturation 1": augment.ColorJitter(saturation=1),
        "hue 0.2": augment.ColorJitter(hue=0.2),
        "PCALighting, stddev 0.5": augment.PCALighting(0.5),
    }
    return draws(kinds, 6)
