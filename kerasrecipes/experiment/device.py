"""Seed, precision and compilation that suit the device."""

import logging
from typing import Any

import keras

from kerasrecipes._backend.accelerator import accelerator


def configure(config: Any) -> Any:
    """Set seed and precision for a run; return `jit_compile` and a line about the choice.

    The default on a CPU is float32; on a GPU it is mixed precision (bfloat16 if the GPU has it). By
    default JAX always compiles with XLA, PyTorch never, and TensorFlow on a GPU: XLA is slower for
    it on a CPU. TensorFlow's advice on retracing is no longer logged.

    Args:
        config: A `TrainingConfig`, or a `RunConfig`, which has no `jit`: it is `"auto"` then.

    Returns:
        tuple of a bool for `model.compile(jit_compile=...)` and a str.
    """
    keras.utils.set_random_seed(config.seed)
    logging.getLogger("tensorflow").addFilter(_is_no_advice_on_retracing)
    kind, has_bfloat16 = accelerator()
    backend = keras.backend.backend()
    precision = choose_precision(config.precision, kind, has_bfloat16)
    choice = getattr(config, "jit", None)
    devices = getattr(config, "devices", 1)
    jit = choose_jit(choice or "auto", kind, backend, devices)
    keras.config.set_dtype_policy(precision)
    words = "with XLA" if jit else "without XLA"
    if choice == "auto" and not jit and devices == 1:
        words += f", which is slower here than {backend} alone (--jit on turns it on)"
    many = "" if devices == 1 else f"{devices} devices of kind "
    return jit, f"{many or 'Device '}{kind.upper()}, backend {backend}, {precision}, {words}."


def choose_precision(choice, kind, has_bfloat16):
    """Return the dtype policy: the given one, or for `"auto"` the one that suits the device.

    >>> choose_precision("auto", "gpu", has_bfloat16=False)
    'mixed_float16'
    """
    if choice != "auto":
        return choice
    if kind == "cpu":
        return "float32"
    return "mixed_bfloat16" if has_bfloat16 else "mixed_float16"


def choose_jit(choice, kind, backend, devices=1):
    """Return whether to compile the step with XLA. Without it JAX runs operation by operation.

    TensorFlow on several devices does without: see `Replicas`.

    >>> choose_jit("auto", "cpu", "tensorflow")
    False
    """
    if choice != "auto":
        return choice == "on"
    return backend == "jax" or (backend == "tensorflow" and kind != "cpu" and devices == 1)


def _is_no_advice_on_retracing(record):
    """Whether to show a line: a test compiles a model once for each number of crops."""
    return "tf.function retracing" not in str(record.msg)
