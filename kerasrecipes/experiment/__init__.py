"""Code that all recipes share. It is not a trainer: recipes call `model.fit`.

- `flag`, `positional`, `check_fields`, `RunConfig`, `TrainingConfig`: those of `flags`, a dataclass
  whose fields are the flags of a command line.
- `command_line`: parses the flags, calls `main`, exits with its status.
- `run`, `Run`, `RunFinished`, `RunFolder`: the folder of a run, its settings and its callbacks.
- `RecordedLoss`: a loss minimised outside `fit`, with a record of its evaluations.
- `watching`: a function called after each epoch of the runs inside a block.
- `Progress`, `Interruption`: the progress bar; Ctrl-C that ends a run cleanly.
- `describe_images`, `channel_statistics`: a sentence about the data; mean and standard deviation.
- `choose_crops`, `Crops`: the crops of training and of testing that belong together.
- `class_weights`: weights that give classes of unequal size equal influence; `weighted_source`
  applies them beside weights of images.
- `fitted_task`: the thresholds of several labels, chosen on validation images.
- `Comparison`, `ComparisonConfig`: several techniques on the same images.
- `to_beat`: the accuracies of simple classifiers on the pixels.
- `close_run`, `close_fine_tuning`, `close_table`: write all files of a run's folder.
- `dry_run_features`: how long the features for a linear classifier take, for `--dry-run`.
- `unused_flags`: flags of fine-tuning that are given where only a linear classifier is fitted.
- `falling_rate`: the schedule of a rate along a cosine or in steps.
- `ablate`, `AblationConfig`: what each technique of a recipe gives, by switching each off in turn.
- `calibrated`, `with_temperature`: a model with calibrated probabilities, by one scalar.
- `configure`: seed, precision and compilation for this machine.
"""

from kerasrecipes.experiment.ablation import ablate
from kerasrecipes.experiment.class_weights import class_weights, weighted_source
from kerasrecipes.experiment.closing import close_run
from kerasrecipes.experiment.closing_table import close_table
from kerasrecipes.experiment.comparison import Comparison
from kerasrecipes.experiment.crops import Crops, choose_crops
from kerasrecipes.experiment.device import configure
from kerasrecipes.experiment.dry_run_features import dry_run_features
from kerasrecipes.experiment.falling_rate import falling_rate
from kerasrecipes.experiment.finetuning import close_fine_tuning, unused_flags
from kerasrecipes.experiment.fitted_task import fitted_task
from kerasrecipes.experiment.images import channel_statistics, describe_images
from kerasrecipes.experiment.interruption import Interruption
from kerasrecipes.experiment.progress import Progress
from kerasrecipes.experiment.recorded_loss import RecordedLoss
from kerasrecipes.experiment.run import Run, run
from kerasrecipes.experiment.run_folder import RunFolder
from kerasrecipes.experiment.temperature import calibrated, with_temperature
from kerasrecipes.experiment.to_beat import to_beat
from kerasrecipes.experiment.watching import watching
from kerasrecipes.flags import (
    CROPS,
    AblationConfig,
    ComparisonConfig,
    RunConfig,
    RunFinished,
    TrainingConfig,
    check_fields,
    command_line,
    flag,
    positional,
)

__all__ = [
    "CROPS",
    "AblationConfig",
    "Comparison",
    "ComparisonConfig",
    "Crops",
    "Interruption",
    "Progress",
    "RecordedLoss",
    "Run",
    "RunConfig",
    "RunFinished",
    "RunFolder",
    "TrainingConfig",
    "ablate",
    "calibrated",
    "channel_statistics",
    "check_fields",
    "choose_crops",
    "class_weights",
    "close_fine_tuning",
    "close_run",
    "close_table",
    "command_line",
    "configure",
    "describe_images",
    "dry_run_features",
    "falling_rate",
    "fitted_task",
    "flag",
    "positional",
    "run",
    "to_beat",
    "unused_flags",
    "watching",
    "weighted_source",
    "with_temperature",
]
