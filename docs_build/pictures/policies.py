"""RandAugment and TrivialAugment on a photo."""

from docs_build.pictures._draws import draws
from kerasrecipes import augment


def draw():
    """Six draws of each."""
    kinds = {
        "RandAugment, 2 operations of magnitude 9": augment.RandAugment(),
        "TrivialAugment": augment.TrivialAugment(),
    }
    return draws(kinds, 6, seed=2)
