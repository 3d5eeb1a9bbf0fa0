import io

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import ActivationStatistics

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(64, 100)).astype("float32")
Y = GENERATOR.integers(0, 4, 64)


def deep(stddev, activation="tanh", depth=6, bias=0.0):
    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.Dense(
            100,
            activation,
            kernel_initializer=keras.initializers.RandomNormal(stddev=stddev),
            bias_initializer=keras.initializers.Constant(bias),
            name=f"layer_{i}",
        )
        for i in range(depth)
    ]
    model = keras.Sequential([keras.Input((100,)), *layers, keras.layers.Dense(4, name="scores")])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.01), loss)
    return model


def look(model, epochs=1, **options):
    statistics = ActivationStatistics(X, Y, **options)
    model.fit(X, Y, 32, epochs=epochs, callbacks=[statistics], verbose=0)
    return statistics


@pytest.mark.parametrize(
    "model, verdicts",
    [
        (lambda: deep(0.005), {"gradient vanishes", "signal vanishes"}),
        (lambda: deep(1.0), {"saturated"}),
        (lambda: deep(0.1), {"fine"}),
        (lambda: deep(0.1, "relu", bias=-3.0), {"dead"}),
    ],
    ids=["too small", "too big", "right", "dead"],
)
def test_the_lectures_cases(model, verdicts):
    statistics = look(model())
    assert set(statistics.diagnosis(epoch=0).values()) == verdicts
    figure = statistics.plot(epoch=0)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    assert len(stream.getvalue()) > 10_000
    assert [len(part.axes) for part in figure.subfigs] == [6, 2]


def test_the_figures_are_those_of_a_loop_in_float64():
    model = deep(0.2, "relu", depth=2)
    layers = [[w.astype(float) for w in layer.get_weights()] for layer in model.layers]
    record = look(model).records[0]
    (w0, b0), (w1, b1), (w2, b2) = layers
    a0 = np.maximum(X @ w0 + b0, 0)
    a1 = np.maximum(a0 @ w1 + b1, 0)
    scores = a1 @ w2 + b2
    probabilities = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    d1 = (probabilities - np.eye(4)[Y]) / len(X) @ w2.T
    d0 = (d1 * (a1 > 0)) @ w1.T
    for name, a, d in (("layer_0", a0, d0), ("layer_1", a1, d1)):
        figures = record[name]
        assert figures.mean == pytest.approx(a.mean(), rel=1e-4)
        assert figures.deviation == pytest.approx(a.std(), rel=1e-4)
        assert figures.zeros == pytest.approx((a == 0).mean(), abs=1e-3)
        assert figures.dead == pytest.approx((a == 0).all(0).mean(), abs=1e-3)
        assert figures.gradient == pytest.approx(np.sqrt((d**2).mean()), rel=1e-3)
        assert figures.saturated == 0 and figures.counts.sum() == a.size


def test_looks_at_batch_statistics_and_leaves_no_trace():
    def network():
        keras.utils.set_random_seed(3)
        model = keras.Sequential(
            [
                keras.Input((100,)),
                keras.layers.Dense(10),
                keras.layers.BatchNormalization(),
                keras.layers.ReLU(name="relu"),
                keras.layers.Dropout(0.5, seed=2),
                keras.layers.Dense(4, "softmax", name="classes"),
            ]
        )
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    seen, unseen = network(), network()
    statistics = ActivationStatistics(100 * X, Y)
    seen.fit(X, Y, 32, epochs=2, shuffle=False, callbacks=[statistics], verbose=0)
    unseen.fit(X, Y, 32, epochs=2, shuffle=False, verbose=0)
    for mine, theirs in zip(seen.variables, unseen.variables):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(mine), keras.ops.convert_to_numpy(theirs)
        )
    assert list(statistics.records) == [0, 1, 2]
    assert list(statistics.records[0]) == ["relu", "classes"]
    # Normalised by the batch: half a unit Gaussian, whatever the scale of the inputs.
    assert statistics.records[2]["relu"].mean == pytest.approx(0.4, abs=0.1)
    assert "call" not in vars(seen.layers[0])


def test_without_targets_named_layers_and_every_so_often():
    model = deep(0.1)
    statistics = ActivationStatistics(X, layers=["layer_1", "scores"], every_epochs=2)
    model.fit(X, Y, epochs=4, callbacks=[statistics], verbose=0)
    assert list(statistics.records) == [0, 2, 4]
    assert list(statistics.records[4]) == ["layer_1", "scores"]
    assert np.isnan(statistics.records[4]["scores"].gradient)
    assert set(statistics.diagnosis().values()) == {"fine"}
    other = ActivationStatistics(X)
    other.set_state(statistics.get_state())
    for name, figures in statistics.records[2].items():
        for mine, theirs in zip(figures, other.records[2][name]):
            np.testing.assert_array_equal(mine, theirs)


def test_bad_input():
    with pytest.raises(TypeError, match="layers.*Received"):
        ActivationStatistics(X, layers="layer_0")
    with pytest.raises(ValueError, match="every_epochs.*Received"):
        ActivationStatistics(X, every_epochs=0)
    with pytest.raises(ValueError, match="Nothing has been looked at"):
        ActivationStatistics(X).plot()
    with pytest.raises(ValueError, match="layer_0.*Received: layers=\\['other'\\]"):
        look(deep(0.1), layers=["other"])
    with pytest.raises(ValueError, match=r"`epoch` must be one of \[0, 1\]"):
        look(deep(0.1)).diagnosis(epoch=7)
