"""The configuration that all training recipes share: its fields are the flags."""

import dataclasses
import types
import typing
from collections.abc import Sequence
from typing import Any, ClassVar

from kerasrecipes._validation import check_boolean, check_choice, check_integer, check_number
from kerasrecipes.flags.choices import EXPORTS

PRECISIONS = ("auto", "float32", "mixed_float16", "mixed_bfloat16", "float64")
JIT_MODES = ("auto", "on", "off")
EXIF_MODES = ("apply", "ignore")


def flag(
    default: Any,
    text: str,
    interval: str | None = None,
    choices: Sequence[str] | None = None,
    many: bool = False,
) -> Any:
    """Return a field of a `Config`, with the default, help and allowed values of its flag.

    Args:
        default: Value of the field.
        text: str, help of the flag, with the unit.
        interval: str such as `"[0, 1)"`, the range of a number, or `None`.
        choices: Tuple of strings, the allowed values, or `None`.
        many: bool, whether it takes one or more strings. Defaults to `False`.

    Example:

    >>> import dataclasses
    >>> from kerasrecipes_flags import TrainingConfig, flag
    >>> @dataclasses.dataclass(frozen=True, kw_only=True)
    ... class Config(TrainingConfig):
    ...     rate: float = flag(0.5, "fraction of the units that are dropped", "[0, 1)")
    >>> Config(rate=2.0)
    Traceback (most recent call last):
    ValueError: Argument `rate` must be in [0, 1). Received: rate=2.0
    """
    metadata = {"help": text, "interval": interval, "choices": choices, "many": many}
    return dataclasses.field(default=default, metadata=metadata)


def positional(text: str, many: bool = False) -> Any:
    """Return a field of a `Config` that is a positional argument without a default.

    Args:
        text: str, help of the argument.
        many: bool, whether it is a list of one or more strings. Defaults to `False`.
    """
    return dataclasses.field(metadata={"help": text, "positional": "+" if many else None})


def plain_type(hint):
    """Return `int` for `int | None`.

    >>> plain_type(float | None)
    <class 'float'>
    """
    if isinstance(hint, types.UnionType):
        return next(kind for kind in typing.get_args(hint) if kind is not types.NoneType)
    return hint


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """The configuration of every training recipe. A recipe's `Config` adds its own fields.

    Each field is a flag of the command line: `batch_size` is `--batch-size`. Every value is
    checked when the object is created.

    Example:

    >>> from kerasrecipes_flags import TrainingConfig
    >>> TrainingConfig(epochs=3).epochs
    3
    >>> TrainingConfig(epochs=0)
    Traceback (most recent call last):
    ValueError: Argument `epochs` must be in [1, 1000000]. Received: epochs=0
    """

    HEADING: ClassVar[str] = "flags of every training recipe"

    data: str = flag(
        "fashion_mnist_sample",
        "images: fashion_mnist_sample, tfds:NAME, a folder of class folders, a CSV file of image "
        "files and labels, or an .npz with x_train, y_train, x_test, y_test",
    )
    image_column: str | None = flag(None, "column of a CSV with the files (default: found by name)")
    label_column: str | None = flag(None, "column of a CSV with the labels (default: by name)")
    split_column: str | None = flag(None, "column of a CSV with train, validation or test")
    weight_column: str | None = flag(None, "column of a CSV with weights (default: by name)")
    validation_fraction: float | None = flag(
        None, "fraction of the training images held out for validation", "(0, 0.5]"
    )
    epochs: int = flag(10, "epochs of training", "[1, 1000000]")
    batch_size: int = flag(128, "images per step", "[1, 1000000]")
    seed: int = flag(0, "seed of weights, order, augmentation and split", "[0, 4294967295]")
    output: str | None = flag(None, "folder of the run (default: runs/RECIPE/TIME)")
    resume: bool = flag(
        False, "resume the run in --output; start it if there is none; do nothing if it is finished"
    )
    precision: str = flag("auto", "auto: mixed on a GPU, float32 on a CPU", choices=PRECISIONS)
    jit: str = flag("auto", "XLA for the training step; auto: on a GPU", choices=JIT_MODES)
    class_depth: int | None = flag(
        None, "levels down from a set to the class folders (default: 1, if that is clear)", "[1, 2]"
    )
    exif: str = flag("apply", "rotate images upright as their EXIF data say", choices=EXIF_MODES)
    strict: bool = flag(False, "stop at a bad image instead of skipping it")
    preflight: bool = flag(
        False, "check model and data before the first step (loss, gradients, rate, labels, ...)"
    )
    tensorboard: bool = flag(False, "also write logs for TensorBoard into the run's folder")
    export: str | None = flag(None, "also write the model in this format", choices=EXPORTS)
    keep_going: bool = flag(False, "train to the last epoch even if training diverges")
    clip_norm: float | None = flag(
        None, "largest global norm of the gradient (default: not clipped)", "(0, inf)"
    )
    accumulation_steps: int = flag(1, "batches per update, with averaged gradients", "[1, 1000000]")

    def __post_init__(self):
        check_fields(self)
        if self.output == "":
            raise ValueError("Argument `output` must be the name of a folder. Received: output=''")
        if self.resume and self.output is None:
            raise ValueError(
                "Argument `resume` needs `output`, the folder of the run to resume. "
                "Received: output=None"
            )

    def data_options(self) -> Any:
        """Return the arguments of `data.load` beside the source."""
        names = [
            "seed", "strict", "class_depth", "exif", "image_column", "label_column", "split_column",
            "weight_column", "task",
        ]  # fmt: skip
        options = {name: getattr(self, name) for name in names if hasattr(self, name)}
        if self.validation_fraction is not None:
            options["split"] = (1 - self.validation_fraction, self.validation_fraction)
        return options

    def optimizer_options(self) -> Any:
        """Return clipping and accumulation as arguments of a Keras optimizer."""
        steps = self.accumulation_steps
        return {
            "global_clipnorm": self.clip_norm,
            "gradient_accumulation_steps": None if steps == 1 else steps,
        }


def check_fields(config: Any) -> Any:
    """Raise unless every field created by `flag` has an allowed value."""
    hints = typing.get_type_hints(type(config))
    for field in dataclasses.fields(config):
        if "positional" not in field.metadata:
            _check(field, plain_type(hints[field.name]), getattr(config, field.name))


def _check(field, kind, value):
    if value is None and field.default is None:
        return
    interval, choices = field.metadata["interval"], field.metadata["choices"]
    if kind is bool:
        check_boolean(field.name, value)
    elif choices:
        check_choice(field.name, value, choices)
    elif kind is int:
        check_integer(field.name, value, interval or "(-inf, inf)")
    elif kind is float:
        check_number(field.name, value, interval or "(-inf, inf)")
