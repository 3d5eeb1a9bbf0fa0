"""The configuration that all recipes with runs share: data, folder, seed and precision."""

import dataclasses
from typing import Any, ClassVar

from kerasrecipes.flags.fields import check_fields, flag

PRECISIONS = ("auto", "float32", "mixed_float16", "mixed_bfloat16", "float64")
CHECKS = ("all", "sample", "none")
EXIF_MODES = ("apply", "ignore")


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunConfig:
    """The configuration of a recipe that reads images and leaves the folder of a run.

    That of a training is `TrainingConfig`. Each field is a flag of the command line: `class_depth`
    is `--class-depth`. Every value is checked when the object is created.

    Raises:
        ValueError, TypeError: if a value is out of its range or of the wrong type.

    Example:

    >>> from kerasrecipes_flags import RunConfig
    >>> RunConfig(seed=3).seed
    3
    >>> RunConfig(output="")
    Traceback (most recent call last):
    ValueError: Argument `output` must be the name of a folder. Received: output=''
    """

    HEADING: ClassVar[str] = "flags of every recipe with runs"

    data: str = flag(
        "fashion_mnist_sample",
        "images: fashion_mnist_sample, tfds:NAME, a folder of class folders, "
        "tfrecord:PATTERN, webdataset:PATTERN, arrayrecord:PATTERN, a CSV file of image files and "
        "labels, or an .npz with x_train, y_train, x_test, y_test",
    )
    image_column: str | None = flag(None, "column of a CSV with the files (default: found by name)")
    label_column: str | None = flag(None, "column of a CSV with the labels (default: by name)")
    split_column: str | None = flag(None, "column of a CSV with train, validation or test")
    validation_fraction: float | None = flag(
        None, "fraction of the training images held out for validation", "(0, 0.5]"
    )
    train_images: int | None = flag(
        None, "training images to use at most, drawn by class (default: all)", "[1, inf)"
    )
    seed: int = flag(0, "seed of weights, order, augmentation and split", "[0, 4294967295]")
    output: str | None = flag(None, "folder of the run (default: runs/RECIPE/TIME)")
    resume: bool = flag(
        False, "resume the run in --output; start it if there is none; do nothing if it is finished"
    )
    precision: str = flag("auto", "auto: mixed on a GPU, float32 on a CPU", choices=PRECISIONS)
    class_depth: int | None = flag(
        None, "levels down from a set to the class folders (default: 1, if that is clear)", "[1, 2]"
    )
    exif: str = flag("apply", "rotate images upright as their EXIF data say", choices=EXIF_MODES)
    strict: bool = flag(False, "stop at a bad image instead of skipping it")
    check: str | None = flag(
        None,
        "image files to decode before training; sample: 1,024 (default: all; of shards with an "
        "index, which were checked when written: none)",
        choices=CHECKS,
    )

    def __post_init__(self):
        check_fields(self)
        if self.output == "":
            raise ValueError("Argument `output` must be the name of a folder. Received: output=''")
        if self.seed + getattr(self, "seeds", 1) > 2**32:
            raise ValueError(
                "Argument `seeds` must be such that the last seed is at most 4294967295. "
                f"Received: seed={self.seed}, seeds={self.seeds}"
            )
        if self.resume and self.output is None:
            raise ValueError(
                "Argument `resume` needs `output`, the folder of the run to resume. "
                "Received: output=None"
            )

    def data_options(self) -> Any:
        """Return the arguments of `data.load` beside the source."""
        names = [
            "seed", "strict", "class_depth", "exif", "image_column", "label_column", "split_column",
            "weight_column", "task", "check", "train_images",
        ]  # fmt: skip
        options = {name: getattr(self, name) for name in names if hasattr(self, name)}
        if self.validation_fraction is not None:
            options["split"] = (1 - self.validation_fraction, self.validation_fraction)
        return options
