"""Callbacks under `tf.distribute.MirroredStrategy` do what they do on one device."""

import os
import pathlib
import subprocess
import sys

import keras
import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.distribute is TensorFlow's")
def test_every_callback_on_two_replicas_equals_one_device():
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "callbacks" / "two_replicas.py"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
