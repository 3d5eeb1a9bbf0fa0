"""Precision and compilation that suit the device, said aloud."""

from typing import Any

import keras

from kerasrecipes._backend.accelerator import accelerator


def configure(config: Any) -> Any:
    """Set seed and precision for a run; return `jit_compile` and a line that says what was chosen.

    On a CPU training is float32 and, on TensorFlow and PyTorch, not compiled by XLA, which is
    slower there. On a GPU it is mixed precision (bfloat16 where the GPU has it) and compiled.

    Args:
        config: A `TrainingConfig`.

    Returns:
        A tuple of a boolean for `model.compile(jit_compile=...)` and a string.
    """
    keras.utils.set_random_seed(config.seed)
    kind, has_bfloat16 = accelerator()
    backend = keras.backend.backend()
    precision = choose_precision(config.precision, kind, has_bfloat16)
    jit = choose_jit(config.jit, kind, backend)
    keras.config.set_dtype_policy(precision)
    words = "compiled by XLA" if jit else "not compiled by XLA"
    if config.jit == "auto" and not jit:
        words += f" (slower on a {kind.upper()} with {backend}; --jit on to have it)"
    return jit, f"Device {kind.upper()}, backend {backend}, {precision}, training {words}."


def choose_precision(wish, kind, has_bfloat16):
    """The dtype policy: what was asked for, or what suits the device.

    >>> choose_precision("auto", "gpu", has_bfloat16=False)
    'mixed_float16'
    """
    if wish != "auto":
        return wish
    if kind == "cpu":
        return "float32"
    return "mixed_bfloat16" if has_bfloat16 else "mixed_float16"


def choose_jit(wish, kind, backend):
    """Whether to compile the step with XLA. JAX without it would run operation by operation.

    >>> choose_jit("auto", "cpu", "tensorflow")
    False
    """
    if wish != "auto":
        return wish == "on"
    return backend == "jax" or (backend == "tensorflow" and kind != "cpu")
