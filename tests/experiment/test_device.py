"""Precision and compilation by device, and what is said of them."""

import keras
import pytest

from kerasrecipes.experiment import TrainingConfig
from kerasrecipes.experiment.device import choose_jit, choose_precision, configure


@pytest.mark.parametrize(
    "wish, kind, bfloat16, expected",
    [
        ("auto", "cpu", False, "float32"),
        ("auto", "gpu", False, "mixed_float16"),
        ("auto", "gpu", True, "mixed_bfloat16"),
        ("float64", "gpu", True, "float64"),
    ],
)
def test_precision(wish, kind, bfloat16, expected):
    assert choose_precision(wish, kind, bfloat16) == expected


@pytest.mark.parametrize(
    "wish, kind, backend, expected",
    [
        ("auto", "cpu", "tensorflow", False),
        ("auto", "gpu", "tensorflow", True),
        ("auto", "cpu", "jax", True),
        ("auto", "gpu", "torch", False),
        ("on", "cpu", "tensorflow", True),
        ("off", "gpu", "tensorflow", False),
    ],
)
def test_jit(wish, kind, backend, expected):
    assert choose_jit(wish, kind, backend) is expected


def test_what_is_said_is_what_is_set():
    try:
        jit, line = configure(TrainingConfig(precision="mixed_bfloat16", jit="on"))
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        assert jit and "mixed_bfloat16" in line and "with XLA" in line
        jit, line = configure(TrainingConfig())
        assert "without XLA" in line if not jit else "with XLA" in line
    finally:
        keras.config.set_dtype_policy("float32")
