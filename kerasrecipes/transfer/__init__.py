"""Transfer learning: from a pretrained network to a classifier for few images.

- `classifier`: a backbone with a linear classifier on top, from raw pixels to probabilities.
- `advise`, `Plan`: which layers to train, given the amount of data and their similarity.
- `Phase`, `fine_tune`: training in phases, head first, then deeper.
- `layerwise_multipliers`: learning rates that decrease from stage to stage.
- `extract_features`: pooled features of images, computed once.
- `linear_probe`: linear classifiers on the features of each stage, with their accuracies.
- `ProbeResult`, `StageProbe`: the results of `linear_probe`.
"""

from kerasrecipes.transfer.advise import Plan, advise
from kerasrecipes.transfer.classifier import classifier
from kerasrecipes.transfer.extract_features import extract_features
from kerasrecipes.transfer.fine_tune import fine_tune
from kerasrecipes.transfer.layerwise_multipliers import layerwise_multipliers
from kerasrecipes.transfer.linear_probe import linear_probe
from kerasrecipes.transfer.phase import Phase
from kerasrecipes.transfer.probe_result import ProbeResult, StageProbe

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
