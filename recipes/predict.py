"""Label image files by a model that a recipe has trained.

Any recipe's `model.keras`, wherever it was copied, or the folder of its run. Images may be of any
size and mode (JPEG, PNG and what else Pillow reads; grey, CMYK, 16 bits); the model prepares them
itself, rotated upright by EXIF as in training. A model file cannot run code: Keras's safe mode is
on, and a file with a Lambda layer is refused.

    python recipes/predict.py runs/finetune/TIME photo.jpg other.png --top 3
    python recipes/predict.py model.keras *.jpg --json > labels.jsonl
    python recipes/predict.py model.keras *.jpg --draw labels.png --explain why.png
    python recipes/predict.py model.keras FOLDER --recursive --csv labels.csv

`--json` prints one object a line: `file` as given, `class`, `probability`. Nothing is printed or
written unless every image could be read: exit status 2 and one line otherwise.
`--csv` is for any number of images: rows are written as they are predicted, and the same command
continues where it was stopped; `labels.csv.json` notes by which model. Images that cannot be read
are named, counted and skipped, as in folders, or errors with `--strict`.

A model of several labels gives every label from its threshold on, chosen on validation images.
`--explain` shows where the network sees the predicted class (Grad-CAM, Selvaraju et al., 2017,
https://arxiv.org/abs/1610.02391). How far to trust the probabilities is the calibration error in
the report of the run (Guo et al., 2017, https://arxiv.org/abs/1706.04599).
"""

import dataclasses
import json
import os
import sys

from kerasrecipes_flags import check_fields, check_output_file, flag, parse_first, positional

DRAWN, EXPLAINED, THUMBNAIL = 48, 24, 320


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """The arguments of this command."""

    model: str = positional("model.keras of a recipe, or the folder of its run")
    image: list = positional("image files, or folders of them", many=True)
    recursive: bool = flag(False, "also look into folders in folders")
    top: int = flag(5, "classes shown for each image, the likeliest first", "[1, 1000000]")
    tta: str = flag("none", "average over views of an image", None, ("none", "flip", "ten-crop"))
    exif: str = flag("apply", "rotate images upright by EXIF", None, ("apply", "ignore"))
    json: bool = flag(False, "one JSON object a line instead of the table")
    csv: str | None = flag(None, "CSV file to write predictions into, continued if it exists")
    strict: bool = flag(False, "stop at an image that cannot be read instead of skipping it")
    draw: str | None = flag(None, "PNG file to draw the images and their classes into")
    explain: str | None = flag(None, "PNG file of where the network sees the predicted class")

    def __post_init__(self):
        check_fields(self)
        for name, suffix in (("draw", ".png"), ("explain", ".png"), ("csv", ".csv")):
            if getattr(self, name) is not None:
                check_output_file(name, getattr(self, name), suffix, [self.model, *self.image])
        if self.csv is not None and self.json:
            raise ValueError("Argument `json` is for standard output. Received: json and csv")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import evaluation, experiment, serving


def main(config):
    """Label every image, then print and draw."""
    classifier = serving.load_classifier(config.model)
    answers = serving.Answers(classifier, config.top)
    files = list(serving.find_images(config.image, config.recursive))
    table = None if config.csv is None else open_table(config, answers)
    if table is not None and table.done:
        print(f"{len(table.done)} images are in {serving.printable(config.csv)} already.")
        files = [file for file in files if file not in table.done]
    strict = config.strict or not (table or any(map(os.path.isdir, config.image)))
    pictures, shown = Pictures(config, classifier), []
    with serving.progress("predicting", len(files)) as advance:
        images = serving.ImageFiles(files, classifier.channels, config.exif, strict, advance)
        views = None if config.tta == "none" else config.tta
        for number, output in enumerate(classifier.predict(map(pictures.keep, images), views)):
            if table is not None:
                table.append([[images.good[number], *answers.cells(output)]])
            if table is None or len(shown) < DRAWN:
                shown.append(answers.of(output))
    pictures.draw(images.good, shown)
    say(config, answers, images, shown)
    return {}


def open_table(config, answers):
    """Return the CSV file, new or continued; one of another model is an error."""
    model = serving.file_hash(serving.model_file(config.model))
    made_by = {"model": model, "tta": config.tta, "exif": config.exif}
    return serving.PredictionFile(config.csv, answers.header(), made_by)


def say(config, answers, images, shown):
    """Print what was predicted."""
    if config.csv is not None:
        print(f"{len(images.good)} images predicted: {serving.printable(config.csv)}")
    elif config.json:
        for one in map(answers.as_object, images.good, shown):
            print(json.dumps(one))
    elif shown:
        print(answers.table(images.good, shown))


class Pictures:
    """The first images, for the pictures that are asked for."""

    def __init__(self, config, classifier):
        self._config, self._classifier = config, classifier
        self._explain = config.explain and serving.explainer(classifier.model)
        self._thumbnails, self._explained = [], []

    def keep(self, pixels):
        """Return the pixels, and keep what will be drawn of them."""
        drawn = self._config.draw and len(self._thumbnails) < DRAWN
        explained = self._explain and len(self._explained) < EXPLAINED
        prepared = self._classifier.preprocess(pixels) if drawn or explained else None
        if drawn:
            self._thumbnails.append(evaluation.thumbnail(prepared, THUMBNAIL))
        if explained:
            view, found = self._classifier.network_view(prepared), self._explain(prepared)
            self._explained.append((view, found.heat, self._classifier.class_names[found.label]))
        return pixels

    def draw(self, files, answers):
        """Write the pictures, each whole or not at all."""
        titles = [os.path.basename(file) for file in files]
        if self._thumbnails:
            shown = self._thumbnails, answers[:DRAWN], titles[:DRAWN]
            self._write("draw", evaluation.predictions_figure(*shown), titles)
        if self._explained:
            views, heats, names = zip(*self._explained)
            figure = evaluation.explanation_figure(views, heats, titles, names)
            self._write("explain", figure, titles)

    def _write(self, name, figure, titles):
        path, most = getattr(self._config, name), {"draw": DRAWN, "explain": EXPLAINED}[name]
        with serving.atomic_write(path) as temporary:
            temporary.write_bytes(evaluation.figure_png(figure))
        first = f", the first {most} of {len(titles)} images" if len(titles) > most else ""
        stream = sys.stderr if self._config.json else None
        print(f"wrote {serving.printable(path)}{first}", file=stream)


if __name__ == "__main__":
    experiment.command_line(main, Config)
