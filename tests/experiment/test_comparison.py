import types

import keras
import pytest

from kerasrecipes.experiment import Comparison, ComparisonConfig


def network(penalty=None):
    head = keras.layers.Dense(2, "softmax", kernel_regularizer=penalty)
    return keras.Sequential([keras.Input((3,)), head])


def side_by_side(networks, optimizer, decay):
    replicas = types.SimpleNamespace(metrics=lambda metrics: {"metrics": metrics})
    config = ComparisonConfig(weight_decay=decay)
    run = types.SimpleNamespace(config=config, replicas=replicas, jit=False)
    return Comparison.side_by_side(types.SimpleNamespace(_run=run), networks, optimizer)


def test_without_a_decay_the_networks_and_the_optimizer_keep_their_own(recwarn):
    optimizer = keras.optimizers.AdamW(1e-3, weight_decay=0.05)
    model = side_by_side({"a": network(keras.regularizers.L2(1e-2)), "b": network()}, optimizer, 0)
    assert len(model.losses) == 1 and optimizer.weight_decay == 0.05
    assert not [one for one in recwarn if one.category is UserWarning]


def test_a_decay_that_replaces_another_says_so(recwarn):
    networks = {"a": network(keras.regularizers.L2(1e-2)), "b": network()}
    with pytest.warns(UserWarning, match="1e-05 replaces the penalty that 1 of the weights"):
        side_by_side(networks, keras.optimizers.SGD(0.1), 1e-5)
    optimizer = keras.optimizers.AdamW(1e-3, weight_decay=0.05)
    with pytest.warns(UserWarning, match="1e-05 replaces the optimizer's 0.05"):
        side_by_side(networks, optimizer, 1e-5)
    assert optimizer.weight_decay == 1e-5
    recwarn.clear()
    for _ in range(2):  # the same once more replaces nothing
        model = side_by_side(networks, keras.optimizers.SGD(0.1), 1e-5)
    assert len(model.losses) == 2
    assert not [one for one in recwarn if one.category is UserWarning]
