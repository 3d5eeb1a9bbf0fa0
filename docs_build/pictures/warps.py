"""Warps of a photo."""

from docs_build.pictures._draws import draws
from kerasrecipes import augment


def draw():
    """Six draws of each kind."""
    kinds = {
        "rotation 30": augment.RandomWarp(rotation=30),
        "translation 0.2": augment.RandomWarp(translation=0.2),
        "stretch 0.4": augment.RandomWarp(stretch=0.4),
        "shear 20": augment.RandomWarp(shear=20),
        "lens 0.33": augment.RandomWarp(lens=0.33),
        "all": augment.RandomWarp(15, 0.1, 0.2, 10, 0.2),
    }
    return draws(kinds, 6, "china")
