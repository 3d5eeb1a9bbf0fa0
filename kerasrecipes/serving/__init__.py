"""Serving: trained models that take raw pixels, prediction of image files, export.

- `save`: a classifier of one's own as one file that takes raw pixels and names its classes.
- `serving_model`, `serving_classifier`: preprocessing in front of a trained network.
- `named_model`, `calibrated_model`: add class names, or a temperature, to a model.
- `load_classifier`, `Classifier`: a saved model with its classes, for images of any size.
- `find_images`, `ImageFiles`: the image files of folders, and their pixels.
- `Answers`: predictions in words; `PredictionFile`: a CSV file of them that is continued.
- `model_file`, `file_hash`: the file of a model, and its SHA-256.
- `grad_cam`, `explainer`, `Explanation`: where in an image a model sees a class.
- `read_image`: reads the pixels of an image file.
- `export_model`, `Export`, `EXPORTS`: export to ONNX, SavedModel or LiteRT, compared with Keras in
  the format's own runtime.
- `atomic_write`, `printable`, `progress`: a file written whole or not at all, its name as it is
  printed, a line for work that takes more than two seconds.
"""

from kerasrecipes._atomic_write import atomic_write
from kerasrecipes._printable import printable
from kerasrecipes._progress import progress
from kerasrecipes.serving.answers import Answers
from kerasrecipes.serving.classifier import Classifier
from kerasrecipes.serving.export import EXPORTS, Export, export_model
from kerasrecipes.serving.find_images import find_images
from kerasrecipes.serving.grad_cam import Explanation, explainer, grad_cam
from kerasrecipes.serving.image_file import read_image
from kerasrecipes.serving.image_files import ImageFiles
from kerasrecipes.serving.load_classifier import load_classifier
from kerasrecipes.serving.model_file import file_hash, model_file
from kerasrecipes.serving.named_model import calibrated_model, named_model
from kerasrecipes.serving.prediction_file import PredictionFile
from kerasrecipes.serving.save import save
from kerasrecipes.serving.serving_model import serving_classifier, serving_model

__all__ = [
    "Answers",
    "Classifier",
    "EXPORTS",
    "Explanation",
    "Export",
    "ImageFiles",
    "PredictionFile",
    "atomic_write",
    "calibrated_model",
    "explainer",
    "export_model",
    "file_hash",
    "find_images",
    "grad_cam",
    "load_classifier",
    "model_file",
    "named_model",
    "printable",
    "progress",
    "read_image",
    "save",
    "serving_classifier",
    "serving_model",
]
