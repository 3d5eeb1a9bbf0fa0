"""The configuration that all training recipes share: its fields are the flags."""

import dataclasses
from typing import Any, ClassVar

from kerasrecipes.flags.choices import EXPORTS
from kerasrecipes.flags.fields import check_effect, flag
from kerasrecipes.flags.presets import check_preset
from kerasrecipes.flags.run_config import RunConfig

JIT_MODES = ("auto", "on", "off")
STRATEGIES = ("auto", "mirrored", "jax", "torch")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingConfig(RunConfig):
    """The configuration of every training recipe. A recipe's `Config` adds its own fields.

    These come on top of the fields of `RunConfig`. Each field is a flag of the command line:
    `batch_size` is `--batch-size`. Every value is checked when the object is created.

    Raises:
        ValueError, TypeError: if a value is out of its range or of the wrong type.

    Example:

    >>> from kerasrecipes_flags import TrainingConfig
    >>> TrainingConfig(epochs=3).epochs
    3
    >>> TrainingConfig(epochs=0)
    Traceback (most recent call last):
    ValueError: Argument `epochs` must be in [1, 1000000]. Received: epochs=0
    """

    HEADING: ClassVar[str] = "flags of every training recipe"

    weight_column: str | None = flag(None, "column of a CSV with weights (default: by name)")
    epochs: int = flag(10, "epochs of training", "[1, 1000000]")
    batch_size: int = flag(128, "images per step", "[1, 1000000]")
    jit: str = flag("auto", "XLA for the training step; auto: on a GPU", choices=JIT_MODES)
    preflight: bool = flag(
        False, "check model and data before the first step (loss, gradients, rate, labels, ...)"
    )
    dry_run: bool = flag(
        False, "say what the training is and how long it takes, check it with --preflight, and end"
    )
    tensorboard: bool = flag(False, "also write logs for TensorBoard into the run's folder")
    export: str | None = flag(None, "also write the model in this format", choices=EXPORTS)
    keep_going: bool = flag(False, "train to the last epoch even if training diverges")
    clip_norm: float | None = flag(
        None, "largest global norm of the gradient (default: not clipped)", "(0, inf)"
    )
    accumulation_steps: int = flag(1, "batches per update, with averaged gradients", "[1, 1000000]")
    devices: int = flag(
        1,
        "devices that share each batch: GPUs or parts of the CPU; PyTorch: processes of torchrun",
        "[1, 4096]",
    )
    strategy: str = flag(
        "auto",
        "how: mirrored (TensorFlow), jax, or torch (processes of torchrun); auto: the backend's",
        choices=STRATEGIES,
    )
    scale_rate: bool = flag(
        False, "multiply the rate by batch size / its default, after a warm-up (Goyal et al.)"
    )
    rate_batch_size: int | None = flag(
        None,
        "for --scale-rate: the batch size that the rate is for (default: the recipe's own)",
        "[1, 1000000]",
    )
    preset: str | None = flag(None, "paper: a paper's settings for the data")

    def __post_init__(self):
        super().__post_init__()
        if self.preset:
            check_preset(self)
        if self.dry_run and self.resume:
            raise ValueError("Argument `dry_run` is for a new run. Received: dry_run=True")
        if self.batch_size % self.devices:
            raise ValueError(
                "Argument `batch_size` must be a multiple of `devices`, which share each batch "
                "(https://github.com/keras-team/keras/issues/21167). "
                f"Received: batch_size={self.batch_size}, devices={self.devices}"
            )
        if self.strategy != "auto" and self.devices == 1:
            raise ValueError(
                f"Argument `strategy` needs `devices` above 1. Received: strategy={self.strategy!r}"
            )
        check_effect(self, rate_batch_size="scale_rate")
        if self.scale_rate and self.rate_scale() == 1:
            raise ValueError(
                "Argument `scale_rate` needs a `batch_size` that is not the one that the rate is "
                f"for ({self._rate_images()} images an update). "
                f"Received: batch_size={self.batch_size}, "
                f"accumulation_steps={self.accumulation_steps}"
            )

    def rate_scale(self) -> float:
        """Return how many times the images that the rate is for an update of the weights has."""
        return self.batch_size * self.accumulation_steps / self._rate_images()

    def _rate_images(self):
        own = type(self).batch_size * type(self).accumulation_steps
        return self.rate_batch_size or own

    def optimizer_options(self) -> Any:
        """Return clipping and accumulation as arguments of a Keras optimizer."""
        steps = self.accumulation_steps
        return {
            "global_clipnorm": self.clip_norm,
            "gradient_accumulation_steps": None if steps == 1 else steps,
        }
