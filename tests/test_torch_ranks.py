"""Two PyTorch processes train as one: weights, statistics, History, and the logs of each batch."""

import keras
import numpy as np
import pytest

from kerasrecipes import layers
from kerasrecipes._backend import torch_ranks
from tests.torch_ranks import of_rank, statistics, trained

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.skipif(keras.backend.backend() != "torch", reason="processes of PyTorch"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    from tests.process_group import of_two_processes

    folder = tmp_path_factory.mktemp("state")
    return of_two_processes(of_rank, ((0, folder), (1, folder)))


@pytest.fixture(scope="module")
def alone():
    return trained()


def test_two_processes_train_as_one(ranks, alone):
    for rank in ranks:
        _check(rank["trained"], alone)
        for expected, found in zip(alone[2], rank["trained"][2], strict=True):
            assert found == pytest.approx(expected, abs=1e-5)
        assert np.allclose(statistics(None), rank["statistics"], atol=1e-6)


def test_two_processes_resume_within_an_epoch(ranks, alone):
    for rank in ranks:
        _check(rank["resumed"], alone)


def _check(trained, alone):
    for expected, found in zip(alone[0], trained[0], strict=True):
        assert np.allclose(expected, found, atol=1e-4), np.abs(expected - found).max()
    assert list(trained[1]) == list(alone[1])
    for name, values in alone[1].items():
        assert np.allclose(values, trained[1][name], atol=1e-5), name


def test_a_seed_that_was_drawn_from_becomes_that_of_the_first_rank(ranks):
    assert ranks[0]["seed"] == ranks[1]["seed"]


def test_variables_of_a_kind_are_sent_at_once_up_to_a_size(monkeypatch):
    variables = [keras.Variable(np.zeros(size, "float32")) for size in (30, 70, 1, 300, 99, 1)]
    variables.insert(1, keras.Variable(0, dtype="int32", trainable=False))
    monkeypatch.setattr(torch_ranks, "BUCKET_BYTES", 400)
    sent = list(torch_ranks._buckets(variables))
    sizes = [[(str(one.dtype), one.value.numel()) for one in some] for some in sent]
    floats = [[("float32", size) for size in some] for some in ([30, 70], [1], [300], [99, 1])]
    assert sorted(sizes) == sorted([*floats, [("int32", 1)]])


def test_ranks_drop_different_units_while_they_are_joined(ranks):
    for first, second in zip(ranks[0]["masks"], ranks[1]["masks"], strict=True):
        assert 0.2 < np.mean((first[0] != 0) == (second[0] != 0)) < 0.8
        np.testing.assert_array_equal(first[1], second[1])


class NoisyDropPath(layers.DropPath):
    """A layer of a user over one of this package, with draws of its own."""

    def __init__(self, rate):
        super().__init__(rate)
        self.noise = keras.random.SeedGenerator(7)


def test_ranks_draw_apart_by_the_users_generators_of_a_subclass():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.FractionalMaxPooling2D(1.5),
            keras.layers.Flatten(),
            layers.DropConnectDense(4),
            layers.DropConnect(keras.layers.Dense(4), 0.5),
            layers.StochasticDepth(keras.layers.Dense(4), 0.5),
            keras.layers.Dropout(0.5),
            NoisyDropPath(0.5),
        ]
    )
    expected = [model.layers[-2].seed_generator, model.layers[-1].noise]
    assert torch_ranks._seed_generators_of_others(model) == expected


def test_an_error_in_a_result_leaves_the_sum_right(ranks):
    assert [rank["sum"] for rank in ranks] == [3.0, 0.0]
