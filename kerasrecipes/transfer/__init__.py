"""From a network trained on much data to a classifier of few images.

- `classifier`: a backbone with a linear classifier on top, raw pixels in and probabilities out.
- `advise`, `Plan`: which layers to train, from how much data there are and how familiar they look.
- `Phase`, `fine_tune`: training in phases, head first, then deeper.
- `layerwise_multipliers`: rates that fall from stage to stage.
- `extract_features`: pooled features of images, computed once.
- `linear_probe`: a linear classifier on each stage's features, and how good each is.
- `ProbeResult`, `StageProbe`: what it returns.
"""

from kerasrecipes.transfer.advise import advise
from kerasrecipes.transfer.classifier import classifier
from kerasrecipes.transfer.extract_features import extract_features
from kerasrecipes.transfer.fine_tune import fine_tune
from kerasrecipes.transfer.layerwise_multipliers import layerwise_multipliers
from kerasrecipes.transfer.linear_probe import linear_probe
from kerasrecipes.transfer.phase import Phase
from kerasrecipes.transfer.plan import Plan
from kerasrecipes.transfer.probe_result import ProbeResult
from kerasrecipes.transfer.stage_probe import StageProbe

__all__ = [
    "Phase",
    "Plan",
    "ProbeResult",
    "StageProbe",
    "advise",
    "classifier",
    "extract_features",
    "fine_tune",
    "layerwise_multipliers",
    "linear_probe",
]
