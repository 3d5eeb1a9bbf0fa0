"""Label image files by a model that a recipe has trained.

Any recipe's `model.keras`, wherever it was copied, or the folder of its run. Images may be of any
size and mode (JPEG, PNG and what else Pillow reads; grey, CMYK, 16 bits); the model prepares them
itself. Images are turned upright as a camera noted it in EXIF, as in training. A model
file cannot run code: Keras's safe mode stays on, and a file with a Lambda layer is refused.

    python recipes/predict.py runs/finetune/TIME photo.jpg other.png
    python recipes/predict.py model.keras *.jpg --top 3
    python recipes/predict.py model.keras *.jpg --json > labels.jsonl
    python recipes/predict.py model.keras *.jpg --draw labels.png

`--json` prints one object a line: `file` as given, `class`, `probability`. Nothing is printed or
written unless every image could be read: exit status 2 and one line otherwise.

The probabilities are the model's; how far to trust them is the calibration error in the report of
its run (Guo et al., 2017, https://arxiv.org/abs/1706.04599).
"""

import dataclasses
import json
import os
import pathlib

from kerasrecipes_flags import check_fields, flag, parse_first, positional

DRAWN, THUMBNAIL = 48, 320


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """The arguments of this command."""

    model: str = positional("model.keras of a recipe, or the folder of its run")
    image: list = positional("image files", many=True)
    top: int = flag(5, "classes shown for each image, the likeliest first", "[1, 1000000]")
    json: bool = flag(False, "one JSON object a line instead of the table")
    draw: str | None = flag(None, "PNG file to draw the images and their classes into")

    def __post_init__(self):
        check_fields(self)
        if self.draw is not None:
            check_drawing(pathlib.Path(self.draw), [self.model, *self.image])


def check_drawing(path, inputs):
    """Raise unless a picture can be written there, before any work is done."""
    if path.suffix.lower() != ".png" or path.is_dir():
        raise ValueError(f"Argument `draw` must be a file that ends in .png. Received: draw={path}")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise ValueError(
            f"Argument `draw` must be in a folder that can be written. Received: {path}"
        )
    if path.resolve() in [pathlib.Path(file).resolve() for file in inputs]:
        raise ValueError(f"Argument `draw` must not be one of the inputs. Received: draw={path}")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import evaluation, experiment, serving
from kerasrecipes._atomic_write import atomic_write
from kerasrecipes._printable import printable

import numpy as np


def main(config):
    """Label every image, then print and draw."""
    classifier = serving.load_classifier(config.model)
    thumbnails = []
    probabilities = list(classifier.predict(read_all(config, classifier, thumbnails)))
    tops = [ranked(classifier.class_names, row, config.top) for row in probabilities]
    if config.draw is not None:
        draw(config, thumbnails, tops)
    if config.json:
        for file, ((name, probability), *_) in zip(config.image, tops):
            print(json.dumps({"file": file, "class": name, "probability": probability}))
    else:
        print(table(config.image, tops))
    return {}


def read_all(config, classifier, thumbnails):
    """Yield the images one by one; keep a small copy of those that will be drawn."""
    for file in config.image:
        pixels = classifier.preprocess(serving.read_image(file, classifier.channels))
        if config.draw is not None and len(thumbnails) < DRAWN:
            step = max(1, max(pixels.shape[:2]) // THUMBNAIL)
            thumbnails.append(pixels[::step, ::step].copy())
        yield pixels


def ranked(class_names, probabilities, top):
    """The likeliest classes with their probabilities."""
    order = np.argsort(-probabilities, kind="stable")[:top]
    return [(class_names[label], float(probabilities[label])) for label in order]


def table(files, tops):
    """Lines of text: a line a class, the file named on the first of each image."""
    rows = [("image", "class", "probability")]
    for file, top in zip(files, tops):
        for number, (name, probability) in enumerate(top):
            rows.append(("" if number else file, name, f"{probability:.4f}"))
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{f:<{widths[0]}}  {n:<{widths[1]}}  {p:>11}" for f, n, p in rows)


def draw(config, thumbnails, tops):
    """Write the picture atomically."""
    titles = [os.path.basename(file) for file in config.image]
    figure = evaluation.predictions_figure(thumbnails, tops[:DRAWN], titles[:DRAWN])
    with atomic_write(config.draw) as temporary:
        temporary.write_bytes(evaluation.figure_png(figure))
    if len(tops) > DRAWN and not config.json:
        print(f"{printable(config.draw)} shows the first {DRAWN} of {len(tops)} images.")


if __name__ == "__main__":
    experiment.command_line(main, Config)
