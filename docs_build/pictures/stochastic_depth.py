"""Which blocks are computed in which step."""

from docs_build.pictures._blocks import blocks


def draw():
    """Blocks by steps, in the mode "batch"."""
    return blocks(48, "training step", seed=1)
