"""Label image files by a model that a recipe has trained.

Any recipe's `model.keras`, wherever it was copied, or the folder of its run. Images may be of any
size and mode (JPEG, PNG and what else Pillow reads; grey, CMYK, 16 bits); the model prepares them
itself. Images are turned upright as a camera noted it in EXIF, as in training (`--exif ignore`: as
stored). A model file cannot run code: Keras's safe mode stays on, and a file with a Lambda layer is
refused.

    python recipes/predict.py runs/finetune/TIME photo.jpg other.png
    python recipes/predict.py model.keras *.jpg --top 3
    python recipes/predict.py model.keras *.jpg --json > labels.jsonl
    python recipes/predict.py model.keras *.jpg --draw labels.png --explain why.png
    python recipes/predict.py model.keras FOLDER --recursive --csv labels.csv

`--json` prints one object a line: `file` as given, `class`, `probability`. Nothing is printed or
written unless every image could be read: exit status 2 and one line otherwise.

`--csv` is for any number of images: rows are written as they are predicted, and the same command
goes on where it was stopped. Images that cannot be read are named, counted and skipped, and so they
are in a folder; with `--strict` they are errors.

A model of several labels gives every label from its threshold on, chosen on validation images.
`--explain` shows where the network sees the predicted class (Grad-CAM, Selvaraju et al., 2017,
https://arxiv.org/abs/1610.02391). The probabilities are the model's; how far to trust them is the
calibration error in the report of its run (Guo et al., 2017, https://arxiv.org/abs/1706.04599).
"""

import dataclasses
import json
import os
import pathlib
import sys

from kerasrecipes_flags import check_fields, flag, parse_first, positional

DRAWN, EXPLAINED, THUMBNAIL, ROWS_AT_ONCE = 48, 24, 320, 64


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """The arguments of this command."""

    model: str = positional("model.keras of a recipe, or the folder of its run")
    image: list = positional("image files, or folders of them", many=True)
    recursive: bool = flag(False, "also look into folders in folders")
    top: int = flag(5, "classes shown for each image, the likeliest first", "[1, 1000000]")
    tta: str = flag("none", "average over views of an image", None, ("none", "flip", "ten-crop"))
    exif: str = flag(
        "apply", "rotate images upright as their EXIF data say", None, ("apply", "ignore")
    )
    json: bool = flag(False, "one JSON object a line instead of the table")
    csv: str | None = flag(None, "CSV file to write predictions into, continued if it exists")
    strict: bool = flag(False, "stop at an image that cannot be read instead of skipping it")
    draw: str | None = flag(None, "PNG file to draw the images and their classes into")
    explain: str | None = flag(None, "PNG file of where the network sees the predicted class")

    def __post_init__(self):
        check_fields(self)
        inputs = [self.model, *self.image]
        for name, suffix in (("draw", ".png"), ("explain", ".png"), ("csv", ".csv")):
            if getattr(self, name) is not None:
                check_output(name, pathlib.Path(getattr(self, name)), suffix, inputs)
        if self.csv is not None and self.json:
            raise ValueError("Argument `json` is for standard output. Received: json and csv")


def check_output(name, path, suffix, inputs):
    """Raise unless a file can be written there, before any work is done."""
    if path.suffix.lower() != suffix or path.is_dir():
        raise ValueError(
            f"Argument `{name}` must be a file that ends in {suffix}. Received: {name}={path}"
        )
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise ValueError(
            f"Argument `{name}` must be in a folder that can be written. Received: {path}"
        )
    if path.resolve() in [pathlib.Path(file).resolve() for file in inputs]:
        raise ValueError(
            f"Argument `{name}` must not be one of the inputs. Received: {name}={path}"
        )


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import evaluation, experiment, serving
from kerasrecipes._atomic_write import atomic_write
from kerasrecipes._printable import printable
from kerasrecipes._progress import progress

import numpy as np


def main(config):
    """Label every image, then print and draw."""
    classifier = serving.load_classifier(config.model)
    files = list(serving.find_images(config.image, config.recursive))
    table = None
    if config.csv is not None:
        table = serving.PredictionFile(config.csv, header(config, classifier))
        if table.done:
            print(f"{len(table.done)} images are in {printable(config.csv)} already.")
        files = [file for file in files if file not in table.done]
    reading = Reading(config, classifier)
    with progress("predicting", len(files)) as advance:
        views = None if config.tta == "none" else config.tta
        outputs = classifier.predict(reading.pixels(files, advance), views)
        answers = write_all(config, classifier, table, outputs, reading.good)
    draw(config, classifier, reading, answers)
    if table is not None:
        print(f"{len(reading.good)} images predicted: {printable(config.csv)}")
    elif config.json:
        for file, answer in zip(reading.good, answers):
            print(json.dumps(as_object(classifier, file, answer)))
    elif answers:
        print(text_table(classifier, reading.good, answers))
    if reading.bad:
        words = "1 image was" if reading.bad == 1 else f"{reading.bad} images were"
        print(f"{words} skipped: not readable.", file=sys.stderr)
    return {}


class Reading:
    """Reads images one by one, and knows which were good.

    Attributes:
        good: list of the files that were read, in order.
        bad: int, those that were skipped.
        thumbnails: list of small copies of the first, for `--draw`.
        explained: list of (what the network sees, its `Explanation`) of the first, for `--explain`.
    """

    def __init__(self, config, classifier):
        self._config, self._classifier = config, classifier
        folders = any(os.path.isdir(path) for path in config.image)
        self._skips = not config.strict and (folders or config.csv is not None)
        self.good, self.bad, self.thumbnails, self.explained = [], 0, [], []

    def pixels(self, files, advance):
        """Yield the pixels of the files that can be read."""
        for file in files:
            try:
                pixels = serving.read_image(file, self._classifier.channels, self._config.exif)
            except ValueError as error:
                if not self._skips:
                    raise
                self.bad += 1
                print(f"skipped: {printable(str(error))}", file=sys.stderr)
                advance(1)
                continue
            self.good.append(file)
            self._keep(self._classifier.preprocess(pixels))
            yield pixels
            advance(1)

    def _keep(self, pixels):
        if self._config.draw is not None and len(self.thumbnails) < DRAWN:
            self.thumbnails.append(evaluation.thumbnail(pixels, THUMBNAIL))
        if self._config.explain is not None and len(self.explained) < EXPLAINED:
            view = self._classifier.network_view(pixels)
            self.explained.append((view, serving.grad_cam(self._classifier.model, pixels)))


def write_all(config, classifier, table, outputs, files):
    """Return what is shown of each image; with a table write it there, batch by batch."""
    answers, rows = [], []
    for number, output in enumerate(outputs):
        if table is None or number < DRAWN:
            answers.append(answer_of(config, classifier, output))
        if table is not None:
            rows.append([files[number], *cells(config, classifier, output)])
            if len(rows) >= ROWS_AT_ONCE:
                table.append(rows)
                rows = []
    if rows:
        table.append(rows)
    return answers


def answer_of(config, classifier, output):
    """Return (name, value) pairs: the likeliest classes, the labels above threshold, or all."""
    names, order = classifier.class_names, np.argsort(-output, kind="stable")
    if classifier.task == "classes":
        order = order[: config.top]
    elif classifier.task == "multilabel":
        order = [label for label in order if output[label] >= classifier.threshold(label)]
    else:
        order = range(len(names))
    return [(names[label], float(output[label])) for label in order]


def header(config, classifier):
    """Return the columns of the table."""
    names = list(classifier.class_names)
    if classifier.task == "multilabel":
        return ["file", "labels", *names]
    if classifier.task == "regression":
        return ["file", *names]
    places = range(2, min(config.top, len(names)) + 1)
    more = [cell for place in places for cell in (f"class_{place}", f"probability_{place}")]
    return ["file", "class", "probability", *more]


def cells(config, classifier, output):
    """Return the cells of an image's row, behind its name."""
    if classifier.task == "classes":
        answer = answer_of(config, classifier, output)
        return [cell for name, value in answer for cell in (name, f"{value:.6f}")]
    values = [f"{value:.6g}" for value in output]
    if classifier.task == "regression":
        return values
    return [";".join(name for name, _ in answer_of(config, classifier, output)), *values]


def as_object(classifier, file, answer):
    """Return the JSON object of an image."""
    if classifier.task == "classes":
        name, probability = answer[0]
        return {"file": file, "class": name, "probability": probability}
    return {"file": file, "labels" if classifier.task == "multilabel" else "values": dict(answer)}


def text_table(classifier, files, answers):
    """Lines of text: a line a class, the file named on the first of each image."""
    value = "value" if classifier.task == "regression" else "probability"
    rows = [("image", "class" if classifier.task == "classes" else "label", value)]
    for file, answer in zip(files, answers):
        for number, (name, number_of) in enumerate(answer or [("(none)", None)]):
            shown = "" if number_of is None else f"{number_of:.4f}"
            rows.append(("" if number else file, name, shown))
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{f:<{widths[0]}}  {n:<{widths[1]}}  {p:>11}" for f, n, p in rows)


def draw(config, classifier, reading, answers):
    """Write the pictures that are asked for, atomically."""
    titles = [os.path.basename(file) for file in reading.good]
    if reading.thumbnails:
        shown = answers[:DRAWN], titles[:DRAWN]
        write_figure(config, "draw", evaluation.predictions_figure(reading.thumbnails, *shown))
    if reading.explained:
        views, found = zip(*reading.explained)
        names = [classifier.class_names[explanation.label] for explanation in found]
        figure = evaluation.explanation_figure(views, [one.heat for one in found], titles, names)
        write_figure(config, "explain", figure)
    for name, most in (("draw", DRAWN), ("explain", EXPLAINED)):
        path = getattr(config, name)
        if path is not None and titles:
            first = f", the first {most} of {len(titles)} images" if len(titles) > most else ""
            print(f"wrote {printable(path)}{first}", file=sys.stderr if config.json else None)


def write_figure(config, name, figure):
    """Write a figure whole or not at all."""
    with atomic_write(getattr(config, name)) as temporary:
        temporary.write_bytes(evaluation.figure_png(figure))


if __name__ == "__main__":
    experiment.command_line(main, Config)
