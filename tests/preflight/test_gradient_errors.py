"""`gradient_errors` on functions whose gradient is known to be right, or wrong by how much."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.preflight import gradient_errors


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize("activation", ["tanh", "relu", "softmax"])
def test_a_right_gradient_has_no_error(activation):
    x = ops.convert_to_tensor(normal(16, 5))
    act = keras.activations.get(activation)

    def loss(kernel, bias):
        return ops.mean((act(x @ kernel + bias) - 0.3) ** 2)

    assert max(gradient_errors(loss, [normal(5, 7, seed=1), normal(7, seed=2)])) < 0.02


@pytest.mark.parametrize("part", [0.9, 0.5, 0.0])
def test_a_wrong_gradient_is_wrong_by_what_is_missing(part):
    def loss(x, y):
        held = part * x + (1 - part) * ops.stop_gradient(x)  # the value is that of x
        return ops.sum(held * held * held) + ops.sum(y**2)

    wrong, right = gradient_errors(loss, [normal(6) + 3, normal(4)])
    assert wrong == pytest.approx(1 - part, abs=0.02) and right < 0.02


def test_a_gradient_that_is_not_finite_is_infinitely_wrong():
    assert gradient_errors(lambda x: ops.sum(ops.sqrt(x)), [np.zeros(3, "float32")]) == [np.inf]


def test_what_is_refused():
    with pytest.raises(TypeError, match="Received: function=3"):
        gradient_errors(3, [normal(2)])
    with pytest.raises(ValueError, match=r"scalar. Received: a result of shape \(2,\)"):
        gradient_errors(lambda x: x, [normal(2)])
    with pytest.raises(TypeError, match="Received: int64"):
        gradient_errors(ops.sum, [np.arange(3)])
    with pytest.raises(ValueError, match="finite"):
        gradient_errors(ops.sum, [np.array([np.nan], "float32")])
    with pytest.raises(ValueError, match="one array or more"):
        gradient_errors(ops.sum, [])
    with pytest.raises(ValueError, match="seed"):
        gradient_errors(ops.sum, [normal(2)], seed=-1)
