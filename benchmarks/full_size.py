"""What the papers' trainings take on one GPU: computed from measured rates, not measured.

    python benchmarks/full_size.py          # writes the table into recipes/README.md

Rates were measured on one NVIDIA H100 with 16 cores on 26 November 2026: the pipeline fed ResNet-20
`FED` images a second of 32x32, of the `TAKEN` it can take. That a network takes as much time as it
has multiply-adds is assumed, which is too much for wide ones: their products fill a GPU better.
"""

import functools
import pathlib

from kerasrecipes import models
from kerasrecipes.experiment.results import between
from kerasrecipes.search.recipe import recipe_of

ROOT = pathlib.Path(__file__).parent.parent
README = ROOT / "recipes" / "README.md"
BEGIN, END = "<!-- full size begin -->", "<!-- full size end -->"
FED, TAKEN = 15_400, 103_600
IMAGES, SHAPE, CLASSES = 50_000, (32, 32, 3), 10


def preset_of(name):
    """Return the configuration that `--preset paper` of a recipe gives for CIFAR-10."""
    config = recipe_of(name, ROOT / "recipes").Config
    return config(**config.PRESETS["cifar10"])


def fractional():
    """The network of fractional poolings of the preset."""
    config = preset_of("fractional_pooling")
    return models.fractional_network(
        SHAPE, CLASSES, config.poolings, config.width, config.pooling_ratio
    )


def resnet(depth):
    """Return a function that makes a residual network."""
    return lambda: models.resnet(depth, SHAPE, CLASSES)


def wide_resnet(depth, width):
    """Return a function that makes a wide residual network."""
    return lambda: models.wide_resnet(depth, width, SHAPE, CLASSES)


PAPER = "--preset paper"
ROWS = (  # recipe, its flags, its network, how many of them, epochs (None: the preset's), the paper
    ("resnet_crop", f"{PAPER} --depth 20", resnet(20), 1, None, "8.75"),
    ("resnet_crop", PAPER, resnet(56), 1, None, "6.97"),
    ("resnet_crop", f"{PAPER} --depth 110", resnet(110), 1, None, "6.43"),
    ("stochastic_depth", PAPER, resnet(110), 2, None, "6.41, 5.25"),
    ("snapshot_ensemble", PAPER, resnet(110), 1, None, "5.32"),
    ("group_norm_small_batch", PAPER, resnet(20), 2, None, "not on CIFAR-10"),
    ("sgdr", PAPER, wide_resnet(28, 10), 2, None, "4.13, 4.03"),
    ("decorrelated_bn", PAPER, wide_resnet(28, 10), 2, None, "not looked up"),
    ("fractional_pooling", PAPER, fractional, 1, None, "4.50, with four times the filters"),
    ("modern", "--depth 16 --width 8 --epochs 100", wide_resnet(16, 8), 1, 100, "none"),
)  # fmt: skip


@functools.cache
def multiply_adds_a_second():
    """Return what the GPU computed in a second."""
    return TAKEN * models.multiply_adds(resnet(20)())


def minutes(multiply_adds, epochs):
    """Return the estimated minutes: by the pipeline, or by the GPU where that takes longer."""
    rate = min(FED, multiply_adds_a_second() / multiply_adds)
    return epochs * IMAGES / rate / 60


def table():
    """Return the table as Markdown."""
    lines = ["| Command | Networks | Million multiply-adds | Epochs | Minutes | Paper's error |"]
    lines.append("|---|---|---|---|---|---|")
    for name, flags, make, count, epochs, error in ROWS:
        command = f"`python recipes/{name}.py --data cifar10.npz {flags}`"
        each, epochs = models.multiply_adds(make()), epochs or preset_of(name).epochs
        estimate = minutes(count * each, epochs)
        cells = (command, count, f"{each / 1e6:,.0f}", epochs, f"{estimate:,.0f}", error)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def with_table(text):
    """Return the text of the README with the table made anew."""
    return between(text, BEGIN, END, table())


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
