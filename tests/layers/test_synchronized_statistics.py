"""Statistics over all replicas: two replicas together equal one that sees the whole batch."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from kerasrecipes._backend.replicas import sum_over_replicas

ROOT = pathlib.Path(__file__).parent.parent.parent
BACKEND = keras.backend.backend()


def test_one_replica_is_its_own_sum():
    x = keras.ops.convert_to_tensor(np.ones((2, 3), "float32"))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(sum_over_replicas(x)), 1)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.distribute is TensorFlow's")
@pytest.mark.slow
def test_two_replicas_of_tensorflow_equal_the_whole_batch():
    run_alone("two_replicas.py")


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "torch", reason="torch.distributed is PyTorch's")
def test_two_processes_of_pytorch_equal_the_whole_batch():
    run_alone("two_processes.py")


def run_alone(script):
    """Run a script of this folder in a process of its own."""
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "layers" / script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
