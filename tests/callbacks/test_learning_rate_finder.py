import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import LearningRateFinder
from tests.callbacks.rates import Weights, ones, slope_model

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(256, 4)).astype("float32")
Y = (X @ GENERATOR.normal(size=(4, 1)) + 1).astype("float32")


def network():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.1, seed=1),
            keras.layers.Dense(1),
        ]
    )
    jit = keras.backend.backend() == "jax"  # else TensorFlow's XLA
    model.compile(keras.optimizers.SGD(0.01, momentum=0.5), "mse", jit_compile=jit)
    return model


def values(model):
    variables = [*model.variables, *model.optimizer.variables]
    return [keras.ops.convert_to_numpy(variable).copy() for variable in variables]


def test_the_rate_rises_geometrically_by_batch():
    model, recorder = slope_model(), Weights()
    finder = LearningRateFinder(1e-3, 1.0, steps=13, divergence=1e9)
    model.fit(*ones(5), 1, epochs=4, callbacks=[recorder, finder], verbose=0)
    expected = np.geomspace(1e-3, 1.0, 13)
    np.testing.assert_allclose(recorder.rates, expected, atol=1e-6)
    np.testing.assert_allclose(finder.rates, expected, rtol=1e-5)
    # The loss of a batch is the weight before its update, not a mean over the epoch.
    np.testing.assert_allclose(finder.losses, recorder.values[:-1], atol=1e-6)


def test_updates_that_a_loss_scale_skips_count():
    model = network()
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.01), initial_scale=2.0**127
    )
    model.compile(optimizer, "mse")
    optimizer.build(model.trainable_variables)
    y, before, kernels = 100 * Y, values(model), [model.layers[-1].get_weights()[0]]
    recorder = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: kernels.append(model.layers[-1].get_weights()[0])
    )
    finder = LearningRateFinder(1e-5, 1e-3, divergence=1e9)
    model.fit(X, y, 16, callbacks=[finder, recorder], verbose=0)
    moves = [not np.array_equal(*pair) for pair in zip(kernels, kernels[1:])]
    assert not any(moves[:2]) and any(moves)
    np.testing.assert_allclose(finder.rates, np.geomspace(1e-5, 1e-3, 16), rtol=1e-5)
    for mine, theirs in zip(values(model), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.traced
def test_model_and_optimizer_are_as_they_were_and_train_as_if_nothing_had_been():
    model = network()
    model.fit(X, 9 * Y, 256, verbose=0)
    before = values(model)
    finder = LearningRateFinder(1e-5, 100.0)
    model.fit(X, Y, 32, epochs=12, callbacks=[finder], shuffle=False, verbose=0)
    for old, new in zip(before, values(model)):
        np.testing.assert_array_equal(old, new)
    assert float(model.optimizer.learning_rate) == np.float32(0.01)
    assert len(finder.rates) < 96, "it stops when the loss diverges"
    assert 1e-4 < finder.suggestion < 1
    model.fit(X, Y, 32, shuffle=False, verbose=0)
    other = network()
    _ = other.fit(X, Y, 32, verbose=0)
    for variable, value in zip([*other.variables, *other.optimizer.variables], before):
        variable.assign(value)
    other.fit(X, Y, 32, shuffle=False, verbose=0)
    for mine, theirs in zip(values(model), values(other)):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_with_puts_back_after_an_exception():
    def fail(batch, logs):
        if batch == 3:
            raise RuntimeError("stop")

    model = network()
    before = [weight.copy() for weight in model.get_weights()]
    failing = keras.callbacks.LambdaCallback(on_train_batch_end=fail)
    with pytest.raises(RuntimeError, match="stop"), LearningRateFinder() as finder:
        model.fit(X, Y, 8, callbacks=[finder, failing], verbose=0)
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_the_suggestion_is_where_the_loss_falls_most_steeply_and_is_drawn():
    finder = LearningRateFinder()
    finder.rates = list(np.geomspace(1e-4, 1, 41))
    finder.smoothed = finder.losses = list(
        2 - np.tanh(np.log10(finder.rates) + 2) + 20 * np.array(finder.rates) ** 2
    )
    assert finder.suggestion == pytest.approx(1e-2, rel=0.3)
    figure = finder.plot()
    assert figure.axes[0].get_xscale() == "log" and len(figure.axes[0].lines) == 3
    finder.smoothed = [1.0, 2.0, 3.0]
    finder.rates = [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="never fell"):
        _ = finder.suggestion


@pytest.mark.parametrize(
    "options, error, named",
    [
        ({"min_learning_rate": 0}, ValueError, "min_learning_rate"),
        ({"min_learning_rate": 1, "max_learning_rate": 1}, ValueError, "max_learning_rate"),
        ({"steps": 1}, ValueError, "steps"),
        ({"smoothing": 1}, ValueError, "smoothing"),
        ({"divergence": 1}, ValueError, "divergence"),
    ],
)
def test_bad_input(options, error, named):
    with pytest.raises(error, match=f"{named}.*Received"):
        LearningRateFinder(**options)


def test_nothing_is_drawn_before_a_fit():
    with pytest.raises(ValueError, match=r"No rate has been tried yet. Received: rates=\[\]"):
        LearningRateFinder().plot()


def test_bad_fits_raise_before_the_first_step():
    model = network()
    with pytest.raises(ValueError, match="steps.*Received: steps=9"):
        model.fit(X, Y, 128, callbacks=[LearningRateFinder(steps=9)], verbose=0)
    unbuilt = keras.Sequential([keras.layers.Dense(1)])
    unbuilt.compile("sgd", "mse")
    if keras.backend.backend() == "tensorflow":
        with pytest.raises(ValueError, match="not built"):
            unbuilt.fit(X, Y, callbacks=[LearningRateFinder()], verbose=0)
