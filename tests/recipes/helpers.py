"""Images that recipes are tested on, and a way to run them as the command line does."""

import importlib.util
import io
import pathlib
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

from kerasrecipes import experiment

ROOT = pathlib.Path(__file__).parent.parent.parent
PHOTOS = ROOT.parent / "shared" / "data" / "photos"


def load_recipe(name):
    """The module of a recipe."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "recipes" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def run_command(recipe, *flags):
    """The exit status of a recipe with these flags, in this process."""
    with pytest.raises(SystemExit) as exit_info:
        experiment.command_line(recipe.main, recipe.Config, [str(flag) for flag in flags])
    return exit_info.value.code


def assert_one_line(capsys, words):
    """One line on standard error, no traceback; on a slow machine progress comes before it."""
    lines = capsys.readouterr().err.splitlines()
    errors = [line for line in lines if line.strip() and "━" not in line]
    assert len(errors) == 1 and "Traceback" not in errors[0], lines
    assert words in errors[0]


def write_npz(path, count=48, size=12, classes=3, **changes):
    """Grey squares whose brightness tells the class."""
    rng = np.random.default_rng(0)
    arrays = {}
    for name, images in (("train", count), ("test", count // 2)):
        labels = np.arange(images) % classes
        noise = rng.integers(0, 30, (images, size, size, 1))
        arrays[f"x_{name}"] = (labels[:, None, None, None] * 80 + noise).astype("uint8")
        arrays[f"y_{name}"] = labels
    arrays.update(changes)
    np.savez(path, **arrays)
    return path


def write_folder(folder, per_class=12, classes=("circle", "square")):
    """Class folders of JPEG and PNG images of different sizes, some grey."""
    rng = np.random.default_rng(1)
    for shape in classes:
        (folder / shape).mkdir(parents=True)
        for number in range(per_class):
            image = draw(shape, rng)
            if number % 4 == 3:
                image = image.convert("L")
            image.save(folder / shape / f"{number:03}.{'png' if number % 3 == 2 else 'jpg'}")
    return folder


def draw(shape, rng):
    """A drawn image of a shape, of a random size."""
    width, height = (int(side) for side in rng.integers(24, 60, 2))
    image = Image.new("RGB", (width, height), tuple(rng.integers(0, 100, 3)))
    box = [width // 4, height // 4, 3 * width // 4, 3 * height // 4]
    pen = ImageDraw.Draw(image)
    paint = pen.ellipse if shape == "circle" else pen.rectangle
    paint(box, fill=tuple(rng.integers(150, 255, 3)))
    return image


def jpeg_bytes(image, **options):
    """An image as JPEG."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", **options)
    return stream.getvalue()


def names_in(run):
    """The names in the folder of a run, without the picture that only runs with mistakes have."""
    return {path.name for path in run.iterdir()} - {"explanations.png"}
