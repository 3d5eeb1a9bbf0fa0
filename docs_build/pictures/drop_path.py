"""Which branches are zeroed for which example."""

from docs_build.pictures._blocks import blocks


def draw():
    """Blocks by examples of one batch."""
    return blocks(32, "example of the batch", seed=0)
