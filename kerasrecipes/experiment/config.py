"""The configuration that every training recipe shares: fields are flags."""

import dataclasses

from kerasrecipes._validation import check_boolean, check_choice, check_integer, check_number

PRECISIONS = ("auto", "float32", "mixed_float16", "mixed_bfloat16", "float64")
JIT_MODES = ("auto", "on", "off")


def flag(default, text):
    """A field of a `Config` with the help text of its flag, unit included."""
    return dataclasses.field(default=default, metadata={"help": text})


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """What every training recipe can be told. A recipe's `Config` adds its own fields.

    Each field is a flag of the command line: `batch_size` is `--batch-size`. Values are checked
    when the object is made.

    Example:

    >>> TrainingConfig(epochs=3).epochs
    3
    >>> TrainingConfig(epochs=0)
    Traceback (most recent call last):
    ValueError: Argument `epochs` must be in [1, inf). Received: epochs=0
    """

    data: str = flag(
        "fashion_mnist_sample",
        "images to train on: fashion_mnist_sample, tfds:NAME, a folder of class folders, or an "
        ".npz with x_train, y_train, x_test, y_test",
    )
    epochs: int = flag(10, "passes over the training images")
    batch_size: int = flag(128, "images a step")
    seed: int = flag(0, "seed of the weights, the order, the augmentation and the split")
    output: str | None = flag(None, "folder of the run (default: runs/RECIPE/TIME)")
    resume: bool = flag(
        False, "go on with the run in --output; begin it if it is not there; leave it if finished"
    )
    precision: str = flag(
        "auto", f"{', '.join(PRECISIONS)}; auto is mixed precision on a GPU, float32 on a CPU"
    )
    jit: str = flag(
        "auto", f"XLA compilation of the step: {', '.join(JIT_MODES)}; auto is on for a GPU"
    )
    strict: bool = flag(False, "stop at a bad image instead of leaving it out")
    tensorboard: bool = flag(False, "also write logs for TensorBoard into the run's folder")
    clip_norm: float | None = flag(None, "clip the gradient to this global norm (default: never)")
    accumulation_steps: int = flag(1, "batches whose gradients are averaged for one update")

    def __post_init__(self):
        check_integer("epochs", self.epochs, "[1, inf)")
        check_integer("batch_size", self.batch_size, "[1, inf)")
        check_integer("seed", self.seed, "[0, 4294967295]")
        check_integer("accumulation_steps", self.accumulation_steps, "[1, inf)")
        check_choice("precision", self.precision, PRECISIONS)
        check_choice("jit", self.jit, JIT_MODES)
        for name in ("resume", "strict", "tensorboard"):
            check_boolean(name, getattr(self, name))
        if self.clip_norm is not None:
            check_number("clip_norm", self.clip_norm, "(0, inf)")
        if self.resume and self.output is None:
            raise ValueError(
                "Argument `resume` needs `output`, the folder of the run to go on with. "
                "Received: output=None"
            )

    def optimizer_options(self):
        """Clipping and accumulation, as arguments of a Keras optimizer."""
        steps = self.accumulation_steps
        return {
            "global_clipnorm": self.clip_norm,
            "gradient_accumulation_steps": None if steps == 1 else steps,
        }
