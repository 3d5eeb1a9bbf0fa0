"""Two PyTorch processes train as one: weights, statistics, History, and the logs of each batch."""

import keras
import numpy as np
import pytest

from tests.torch_ranks import trained

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.skipif(keras.backend.backend() != "torch", reason="processes of PyTorch"),
    pytest.mark.slow,
]


def test_two_processes_train_as_one():
    from tests.process_group import of_two_processes

    weights, history, logs, statistics = trained()
    for result in of_two_processes(trained, ((0,), (1,))):
        for expected, found in zip(weights, result[0], strict=True):
            assert np.allclose(expected, found, atol=1e-4), np.abs(expected - found).max()
        assert list(result[1]) == list(history)
        for name, values in history.items():
            assert np.allclose(values, result[1][name], atol=1e-5), name
        for expected, found in zip(logs, result[2], strict=True):
            assert found == pytest.approx(expected, abs=1e-5)
        assert np.allclose(statistics, result[3], atol=1e-6)
