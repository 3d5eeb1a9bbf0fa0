"""What every recipe shares. It is not a trainer: recipes call `model.fit`.

- `flag`, `TrainingConfig`: a dataclass whose fields are the flags of a command line.
- `command_line`: parses them, calls `main`, exits with the right status.
- `Run`: the folder of a run, its settings and its callbacks.
- `Progress`, `Interruption`: the progress bar, and Ctrl-C that loses nothing.
- `describe_images`, `channel_statistics`: a sentence about the data; mean and deviation.
- `run_tests`, `TestResult`: testing by several protocols, with their cost.
- `classification_metrics`: accuracy, loss, precision, recall from probabilities.
- `serving_model`, `close_run`: the model that takes raw pixels, and every file of the folder.
- `samples_figure`, `confusion_figure`, `mistakes_figure`: pictures of a run's images.
- `side_by_side`, `for_each`, `winner`: several networks trained in one `fit`, and compared.
- `pictures`, `report`: all figures from plain arrays, and the page.
- `configure`: seed, precision and compilation for this machine.
"""

from kerasrecipes.experiment import pictures, report
from kerasrecipes.experiment.closing import close_run, serving_model
from kerasrecipes.experiment.command_line import command_line
from kerasrecipes.experiment.config import TrainingConfig, flag
from kerasrecipes.experiment.device import configure
from kerasrecipes.experiment.evaluation import classification_metrics
from kerasrecipes.experiment.image_figures import confusion_figure, mistakes_figure, samples_figure
from kerasrecipes.experiment.images import channel_statistics, describe_images
from kerasrecipes.experiment.interruption import Interruption
from kerasrecipes.experiment.progress import Progress
from kerasrecipes.experiment.run import Run
from kerasrecipes.experiment.side_by_side import for_each, side_by_side, winner
from kerasrecipes.experiment.testing import TestResult, run_tests

__all__ = [
    "Interruption",
    "Progress",
    "Run",
    "TestResult",
    "TrainingConfig",
    "channel_statistics",
    "classification_metrics",
    "close_run",
    "command_line",
    "configure",
    "confusion_figure",
    "describe_images",
    "flag",
    "for_each",
    "mistakes_figure",
    "pictures",
    "report",
    "run_tests",
    "samples_figure",
    "serving_model",
    "side_by_side",
    "winner",
]
