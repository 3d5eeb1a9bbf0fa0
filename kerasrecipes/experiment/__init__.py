"""What every recipe shares. It is not a trainer: recipes call `model.fit`.

- `flag`, `positional`, `check_fields`, `TrainingConfig`: a dataclass whose fields are the flags
  of a command line.
- `command_line`: parses them, calls `main`, exits with the right status.
- `Run`: the folder of a run, its settings and its callbacks.
- `Progress`, `Interruption`: the progress bar, and Ctrl-C that loses nothing.
- `describe_images`, `channel_statistics`: a sentence about the data; mean and deviation.
- `run_tests`, `TestResult`: testing by several protocols, with their cost.
- `classification_metrics`: accuracy, loss, precision, recall from probabilities.
- `serving_model`, `close_run`: the model that takes raw pixels, and every file of the folder.
- `named_model`, `calibrated_model`: the names of the classes, and a temperature, inside a model.
- `load_classifier`, `Classifier`, `read_image`: a saved model asked about image files.
- `export_model`, `EXPORTS`: ONNX, SavedModel, LiteRT, run by their own runtimes and compared.
- `class_weights`: classes of unequal size with an equal say.
- `close_fine_tuning`, `how_good`, `with_temperature`, `serving_classifier`: the end of a
  fine-tuning.
- `WholeImages`, `WholeImagesConfig`: pipelines, tests and files of recipes that do not crop.
- `samples_figure`, `confusion_figure`, `mistakes_figure`: pictures of a run's images.
- `side_by_side`, `for_each`, `winner`: several networks trained in one `fit`, and compared.
- `pictures`, `report`: all figures from plain arrays, and the page.
- `configure`: seed, precision and compilation for this machine.
"""

from kerasrecipes.experiment import pictures, report
from kerasrecipes.experiment.class_weights import class_weights
from kerasrecipes.experiment.classifier import (
    Classifier,
    calibrated_model,
    load_classifier,
    named_model,
)
from kerasrecipes.experiment.closing import close_run, serving_model
from kerasrecipes.experiment.command_line import command_line
from kerasrecipes.experiment.config import TrainingConfig, check_fields, flag, positional
from kerasrecipes.experiment.device import configure
from kerasrecipes.experiment.evaluation import classification_metrics
from kerasrecipes.experiment.export import EXPORTS, Export, export_model
from kerasrecipes.experiment.finetuning import (
    close_fine_tuning,
    how_good,
    serving_classifier,
    with_temperature,
)
from kerasrecipes.experiment.image_figures import confusion_figure, mistakes_figure, samples_figure
from kerasrecipes.experiment.image_file import read_image
from kerasrecipes.experiment.images import channel_statistics, describe_images
from kerasrecipes.experiment.interruption import Interruption
from kerasrecipes.experiment.progress import Progress
from kerasrecipes.experiment.run import Run
from kerasrecipes.experiment.side_by_side import for_each, side_by_side, winner
from kerasrecipes.experiment.testing import TestResult, run_tests
from kerasrecipes.experiment.whole_images import WholeImages, WholeImagesConfig

__all__ = [
    "Classifier",
    "EXPORTS",
    "Export",
    "Interruption",
    "Progress",
    "Run",
    "TestResult",
    "TrainingConfig",
    "WholeImages",
    "WholeImagesConfig",
    "calibrated_model",
    "channel_statistics",
    "check_fields",
    "class_weights",
    "classification_metrics",
    "close_fine_tuning",
    "close_run",
    "command_line",
    "configure",
    "confusion_figure",
    "describe_images",
    "export_model",
    "flag",
    "for_each",
    "how_good",
    "load_classifier",
    "mistakes_figure",
    "named_model",
    "pictures",
    "positional",
    "read_image",
    "report",
    "run_tests",
    "samples_figure",
    "serving_classifier",
    "serving_model",
    "side_by_side",
    "winner",
    "with_temperature",
]
