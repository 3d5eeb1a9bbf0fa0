"""The configuration of a recipe that compares techniques on the same images."""

import dataclasses
from typing import ClassVar

from kerasrecipes.flags.choices import CROPS
from kerasrecipes.flags.config import TrainingConfig
from kerasrecipes.flags.fields import flag

LARGEST_DEFAULT_SIZE = 64


@dataclasses.dataclass(frozen=True, kw_only=True)
class ComparisonConfig(TrainingConfig):
    """The flags of a recipe that compares techniques on the same crops."""

    HEADING: ClassVar[str] = "flags of the recipes that compare techniques"

    size: int | None = flag(
        None,
        f"side of the images in pixels (default: their own, <= {LARGEST_DEFAULT_SIZE})",
        "[1, 4096]",
    )
    crops: str = flag("none", "auto: pad for images of under 64 px, else scale", None, CROPS)
    flip: bool = flag(True, "mirror training images at random; not for digits or letters")
    momentum: float = flag(0.9, "fraction of the velocity kept at each update", "[0, 1)")
    nesterov: bool = flag(True, "Nesterov momentum")
    weight_decay: float = flag(1e-4, "L2 penalty on kernels: weight_decay / 2 · |w|^2", "[0, inf)")
