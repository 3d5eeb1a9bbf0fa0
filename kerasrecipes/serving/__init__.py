"""What turns a trained model into one that takes pixels, and asks it about image files.

- `serving_model`, `serving_classifier`: preprocessing in front of a trained network.
- `named_model`, `calibrated_model`: the names of the classes, and a temperature, inside a model.
- `load_classifier`, `Classifier`: a saved model and its classes, asked about images of any size.
- `read_image`: an image file of any mode as pixels.
- `export_model`, `Export`, `EXPORTS`: ONNX, SavedModel, LiteRT, run by their own runtimes and
  compared.
"""

from kerasrecipes.serving.classifier import Classifier
from kerasrecipes.serving.export import EXPORTS, Export, export_model
from kerasrecipes.serving.image_file import read_image
from kerasrecipes.serving.load_classifier import load_classifier
from kerasrecipes.serving.named_model import calibrated_model, named_model
from kerasrecipes.serving.serving_model import serving_classifier, serving_model

__all__ = [
    "Classifier",
    "EXPORTS",
    "Export",
    "calibrated_model",
    "export_model",
    "load_classifier",
    "named_model",
    "read_image",
    "serving_classifier",
    "serving_model",
]
