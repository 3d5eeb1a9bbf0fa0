"""Weight decay of kernels alone, against NumPy."""

import keras
import numpy as np
import pytest

from kerasrecipes import layers, models
from kerasrecipes.optimizers import decay_kernels


def small_network():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, name="first"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Dense(2, name="last"),
        ]
    )


def after_a_step_without_gradient(optimizer, model):
    """{path: (weight before, after)} of a step whose data have no gradient."""
    for weight in model.trainable_weights:
        weight.assign(np.random.default_rng(1).normal(1.0, 0.3, weight.shape))
    before = {weight.path: keras.ops.convert_to_numpy(weight) for weight in model.trainable_weights}
    model.compile(optimizer, lambda true, predicted: 0.0 * keras.ops.sum(predicted, axis=-1))
    model.train_on_batch(np.ones((5, 3)), np.ones((5, 2)))
    return {
        weight.path: (before[weight.path], keras.ops.convert_to_numpy(weight))
        for weight in model.trainable_weights
    }


@pytest.mark.parametrize("name", ["sgd", "adamw"])
@pytest.mark.traced
def test_a_step_shrinks_kernels_alone(name):
    model = small_network()
    rate, decay = 0.1, 0.02
    optimizer = keras.optimizers.SGD(rate) if name == "sgd" else keras.optimizers.AdamW(rate)
    assert decay_kernels(model, optimizer, decay) is optimizer
    weights = after_a_step_without_gradient(optimizer, model)
    assert len(weights) == 6
    for path, (before, after) in weights.items():
        factor = 1 - rate * decay if path.endswith("kernel") else 1.0
        np.testing.assert_allclose(after, factor * before, rtol=1e-6, err_msg=path)


def test_the_penalty_is_that_of_the_formula_and_is_replaced():
    model = small_network()
    for decay in (0.3, 0.02):
        decay_kernels(model, keras.optimizers.SGD(0.1, momentum=0.9), decay)
    kernels = [keras.ops.convert_to_numpy(model.get_layer(n).kernel) for n in ("first", "last")]
    expected = sum(0.01 * (kernel.astype("float64") ** 2).sum() for kernel in kernels)
    assert sum(float(loss) for loss in model.losses) == pytest.approx(expected, rel=1e-5)
    decay_kernels(model, keras.optimizers.SGD(0.1), 0.0)
    assert model.losses == []


def test_nested_networks_and_our_layers():
    network = models.wide_resnet(10, 1, (8, 8, 3), 4, stochastic_depth=0.2, seed=0)
    decay_kernels(network, keras.optimizers.SGD(0.1), 1e-4)
    kinds = {weight.name: weight.regularizer is not None for weight in network.trainable_weights}
    assert kinds == {"kernel": True, "gamma": False, "beta": False, "bias": False}
    own = keras.Sequential(
        [
            keras.Input((6, 6, 4)),
            keras.layers.DepthwiseConv2D(3),
            layers.GroupNormalization(2),
            keras.layers.Flatten(),
            layers.DropConnectDense(5, 0.5),
            keras.layers.LayerNormalization(),
        ]
    )
    decay_kernels(own, keras.optimizers.SGD(0.1), 1e-4)
    decayed = {weight.name for weight in own.trainable_weights if weight.regularizer is not None}
    assert decayed == {"kernel"} and len(own.losses) == 2


def test_frozen_kernels_have_no_penalty():
    model = small_network()
    model.get_layer("first").trainable = False
    decay_kernels(model, keras.optimizers.SGD(0.1), 1e-4)
    assert len(model.losses) == 1


def test_bad_arguments():
    with pytest.raises(ValueError, match="weight_decay=-1"):
        decay_kernels(small_network(), keras.optimizers.SGD(0.1), -1)
    with pytest.raises(ValueError, match="built"):
        decay_kernels(keras.Sequential([keras.layers.Dense(2)]), keras.optimizers.SGD(0.1), 0.1)
