import keras
import numpy as np
import pytest

import kerasrecipes.layers
from kerasrecipes.inference import recalibrate_normalization

GENERATOR = np.random.default_rng(3)
X = (5 + 3 * GENERATOR.normal(size=(23, 4, 4, 2))).astype("float32")


def network():
    return keras.Sequential(
        [
            keras.Input((4, 4, 2)),
            keras.layers.BatchNormalization(name="first"),
            keras.layers.Conv2D(3, 3),
            keras.layers.Dropout(0.5),
            keras.layers.BatchNormalization(name="second"),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )


def numpy_of(variable):
    return keras.ops.convert_to_numpy(variable)


@pytest.mark.parametrize("form", ["array", "batches", "pairs", "labelled"])
def test_the_first_layer_has_the_statistics_of_all_the_data(form):
    model = network()
    model.get_layer("first").moving_mean.assign(np.full(2, np.nan))
    parts = [X[:8], X[8:16], X[16:]]
    data = {
        "array": X,
        "batches": parts,
        "pairs": [(part, None) for part in parts],
        "labelled": (X, np.zeros(len(X))),
    }[form]
    assert recalibrate_normalization(model, data, batch_size=8) is model
    first = model.get_layer("first")
    exact = X.astype("float64")
    np.testing.assert_allclose(numpy_of(first.moving_mean), exact.mean((0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(numpy_of(first.moving_variance), exact.var((0, 1, 2)), rtol=1e-5)
    assert first.momentum == 0.99 and "call" not in vars(first)


def test_a_later_layer_sees_what_prediction_gives_it():
    model = network()
    recalibrate_normalization(model, X, batch_size=23)
    convolved = model.get_layer("first")(X, training=True)
    convolved = numpy_of(model.layers[1](convolved)).astype("float64")
    second = model.get_layer("second")
    np.testing.assert_allclose(numpy_of(second.moving_mean), convolved.mean((0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(
        numpy_of(second.moving_variance), convolved.var((0, 1, 2)), rtol=1e-4
    )


def test_frozen_layers_trained_weights_and_seeds_keep_still():
    model = network()
    model.get_layer("second").trainable = False
    before = [numpy_of(variable).copy() for variable in model.variables]
    recalibrate_normalization(model, X)
    moved = {
        variable.path
        for variable, old in zip(model.variables, before)
        if not np.array_equal(old, numpy_of(variable))
    }
    assert {path.split("/")[-2:][0] for path in moved} == {"first"}
    assert {path.split("/")[-1] for path in moved} == {"moving_mean", "moving_variance"}


def test_any_layer_that_keeps_statistics_is_measured():
    layers = pytest.importorskip("kerasrecipes.layers")
    if not hasattr(layers, "DecorrelatedBatchNormalization"):
        pytest.skip("DecorrelatedBatchNormalization is not there")
    layer = layers.DecorrelatedBatchNormalization(group_size=2)
    model = keras.Sequential([keras.Input((4, 4, 2)), layer])
    recalibrate_normalization(model, X, batch_size=23)
    whitened = numpy_of(model(X)).reshape(-1, 2).astype("float64")
    np.testing.assert_allclose(np.cov(whitened.T, bias=True), np.eye(2), atol=1e-3)


def test_parts_of_a_batch_do_not_hide_the_variance_between_them():
    """For 1, 3, 8 and 20 in parts of two, 18.5 is the mean of the variances, 54.5 the variance."""
    layer = kerasrecipes.layers.GhostBatchNormalization(2)
    model = keras.Sequential([keras.Input((1,)), layer])
    recalibrate_normalization(model, np.array([[1.0], [3.0], [8.0], [20.0], [5.0]]), batch_size=4)
    mean, variance = np.mean([1, 3, 8, 20, 5]), np.var([1, 3, 8, 20, 5])
    np.testing.assert_allclose(numpy_of(layer.moving_mean), mean, rtol=1e-6)
    np.testing.assert_allclose(numpy_of(layer.moving_variance), variance, rtol=1e-5)
    assert layer.size == 2 and layer.momentum == 0.9


def test_steps_and_nothing_to_do():
    model = network()
    recalibrate_normalization(model, X, batch_size=8, steps=1)
    expected = X[:8].astype("float64").mean((0, 1, 2))
    np.testing.assert_allclose(numpy_of(model.get_layer("first").moving_mean), expected, rtol=1e-6)
    plain = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    with pytest.warns(UserWarning, match="no normalisation layer"):
        recalibrate_normalization(plain, np.ones((2, 3), "float32"))


@pytest.mark.parametrize(
    "options, error, named",
    [
        ({"dataset": []}, ValueError, "dataset"),
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"steps": 0}, ValueError, "steps"),
    ],
)
def test_bad_input(options, error, named):
    with pytest.raises(error, match=f"{named}.*Received"):
        recalibrate_normalization(network(), **({"dataset": X} | options))
