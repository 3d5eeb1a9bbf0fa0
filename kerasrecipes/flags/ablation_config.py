"""The configuration of a recipe that can switch off each of its techniques in turn."""

import dataclasses
from typing import ClassVar

from kerasrecipes.flags.config import TrainingConfig
from kerasrecipes.flags.fields import check_effect, flag


@dataclasses.dataclass(frozen=True, kw_only=True)
class AblationConfig(TrainingConfig):
    """The flags of a training recipe whose `--ablate` says what each technique gives.

    Raises:
        ValueError: if `seeds` is given without `ablate`.

    Example:

    >>> from kerasrecipes_flags import AblationConfig
    >>> AblationConfig(ablate=True).seeds
    5
    """

    HEADING: ClassVar[str] = "flags of the recipes with an ablation"

    ablate: bool = flag(False, "train with all techniques and without each, and compare")
    seeds: int = flag(5, "trainings of each kind with --ablate, from --seed on", "[2, 1000]")

    def __post_init__(self):
        super().__post_init__()
        check_effect(self, seeds="ablate")
