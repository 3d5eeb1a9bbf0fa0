"""Each replica drops for itself: equal examples on two replicas get masks of their own."""

import keras
import pytest

from tests.layers.test_synchronized_statistics import run_alone


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.distribute is TensorFlow's")
@pytest.mark.slow
def test_every_layer_on_two_replicas_of_tensorflow():
    run_alone("replica_draws.py")


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "torch", reason="torch.distributed is PyTorch's")
def test_every_random_layer_on_two_processes_of_pytorch():
    run_alone("process_draws.py")
