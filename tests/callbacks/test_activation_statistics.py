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
@pytest.mark.traced
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
        assert figures.std == pytest.approx(a.std(), rel=1e-4)
        assert figures.zeros == pytest.approx((a == 0).mean(), abs=1e-3)
        assert figures.dead == pytest.approx((a == 0).all(0).mean(), abs=1e-3)
        assert figures.gradient == pytest.approx(np.sqrt((d**2).mean()), rel=1e-3)
        assert figures.saturated == 0 and figures.counts.sum() == a.size


@pytest.mark.traced
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


def test_a_state_that_does_not_say_what_is_an_output():
    statistics = look(deep(0.1), layers=["layer_1", "scores"])
    state = {k: v for k, v in statistics.get_state().items() if "/is_output/" not in k}
    other = ActivationStatistics(X)
    other.set_state(state)
    assert statistics.records[1]["scores"].is_output
    assert not other.records[1]["scores"].is_output
    assert other.records[1]["scores"].mean == statistics.records[1]["scores"].mean


STEPS, FEATURES, UNITS = 5, 20, 6
SERIES = GENERATOR.normal(size=(64, STEPS, FEATURES)).astype("float32")
TARGETS = GENERATOR.normal(size=(64, 1)).astype("float32")


def look_at_series(*layers, **options):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), *layers])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    statistics = ActivationStatistics(SERIES, TARGETS, **options)
    model.fit(SERIES, TARGETS, 64, epochs=1, callbacks=[statistics], verbose=0)
    return statistics, model


def simple_rnn(form):
    options = {"bias_initializer": "random_normal", "return_sequences": True, "name": "recurrent"}
    if form == "layer":
        return keras.layers.SimpleRNN(UNITS, **options)
    cell = keras.layers.SimpleRNNCell(UNITS, bias_initializer="random_normal")
    if form == "stacked":
        if keras.backend.backend() == "jax":
            pytest.skip("Keras 3.15's StackedRNNCells fails on JAX")
        cell = keras.layers.StackedRNNCells([cell])
    return keras.layers.RNN(cell, return_sequences=True, name="recurrent")


@pytest.mark.parametrize("form", ["layer", "cell", "stacked"])
@pytest.mark.traced
def test_a_recurrent_layer_is_looked_at_as_one(form):
    pool, head = keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)
    statistics, model = look_at_series(simple_rnn(form), pool, head)
    weights, recurrent, bias, top, offset = (w.astype(float) for w in model.get_weights())
    state, outputs = np.zeros((64, UNITS)), []
    for step in range(STEPS):
        state = np.tanh(SERIES[:, step] @ weights + state @ recurrent + bias)
        outputs.append(state)
    outputs = np.stack(outputs, axis=1)
    error = outputs.mean(1) @ top + offset - TARGETS
    gradient = (2 * error / 64) @ top.T / STEPS  # the same at each step
    assert list(statistics.records[0]) == ["recurrent"]
    record = statistics.records[0]["recurrent"]
    assert record.mean == pytest.approx(outputs.mean(), abs=1e-5)
    assert record.std == pytest.approx(outputs.std(), rel=1e-4)
    assert record.gradient == pytest.approx(np.sqrt((gradient**2).mean()), rel=1e-3)
    assert record.saturated == pytest.approx((np.abs(outputs) >= 0.97).mean(), abs=1e-3)
    assert record.saturated > 0 and record.counts.sum() == outputs.size


def test_cell_inside_a_loop_cannot_be_named():
    with pytest.raises(ValueError, match=r"'dense', .*'lstm'\]. Received: layers=\['lstm_cell'"):
        dense = keras.layers.Dense(1, name="dense")
        look_at_series(keras.layers.LSTM(4, name="lstm"), dense, layers=["lstm_cell"])


@pytest.mark.parametrize("cell", [keras.layers.LSTM, keras.layers.GRU])
@pytest.mark.traced
def test_both_directions_are_looked_at_and_diagnosed(cell):
    both = keras.layers.Bidirectional(cell(4, name="cell"), name="both")
    statistics, _ = look_at_series(both, keras.layers.Dense(1))
    assert list(statistics.records[1]) == ["forward_cell", "backward_cell"]
    assert set(statistics.diagnosis().values()) == {"fine"}
    assert statistics.plot() is not None


def test_time_distributed_counts_all_steps():
    inner = keras.layers.TimeDistributed(keras.layers.Dense(3, "relu"), name="each")
    pool, head = keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)
    statistics, model = look_at_series(inner, pool, head)
    weights = model.get_weights()[0].astype(float)
    outputs = np.maximum(SERIES @ weights, 0)
    record = statistics.records[0]["each"]
    assert record.counts.sum() == outputs.size
    assert record.mean == pytest.approx(outputs.mean(), rel=1e-4)
    assert record.zeros == pytest.approx((outputs == 0).mean(), abs=1e-3)


class Several(keras.layers.Layer):
    """Returns (2x, relu(x)) as a structure, with the whole numbers of x where asked."""

    activation = staticmethod(keras.activations.relu)

    def __init__(self, kind, **options):
        super().__init__(**options)
        self.kind = kind

    def call(self, x):
        parts = {"double": 2 * x, "positive": keras.ops.relu(x)}
        if self.kind == "whole":
            return {**parts, "whole": keras.ops.cast(x, "int32")}
        return parts if self.kind == "dict" else self.kind(parts.values())


class UsesSeveral(keras.Model):
    def __init__(self, kind):
        super().__init__()
        self.several = Several(kind, name="several")
        self.unused = keras.layers.Dense(3, "relu", name="unused")
        self.head = keras.layers.Dense(1, name="head")

    def build(self, shape):
        self.unused.build(shape)
        self.head.build(shape)

    def call(self, x):
        double, positive = list(keras.tree.flatten(self.several(x)))[:2]
        return self.head(double + 3 * positive)


def look_at_several(kind, **options):
    keras.utils.set_random_seed(0)
    model = UsesSeveral(kind)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    statistics = ActivationStatistics(X, TARGETS, **options)
    model.fit(X, TARGETS, 64, callbacks=[statistics], verbose=0)
    return statistics, model


@pytest.mark.parametrize("kind", [tuple, list, "dict", "whole"])
def test_the_tensors_of_a_layer_count_together(kind):
    with pytest.warns(UserWarning, match=r"not called in training.*left out: \['unused'\]"):
        statistics, model = look_at_several(kind)
    top = model.head.get_weights()[0].astype(float)
    offset = model.head.get_weights()[1]
    x = X.astype(float)
    values = np.concatenate([2 * x, np.maximum(x, 0)])
    error = (2 * x + 3 * np.maximum(x, 0)) @ top + offset - TARGETS
    gradient = (2 * error / 64) @ top.T
    record = statistics.records[0]["several"]
    assert list(statistics.records[1]) == ["several"]
    assert record.mean == pytest.approx(values.mean(), rel=1e-4)
    assert record.zeros == pytest.approx((values == 0).mean(), abs=1e-3)
    size = np.sqrt((np.concatenate([gradient, 3 * gradient]) ** 2).mean())
    assert record.gradient == pytest.approx(size, rel=1e-3)


def test_a_named_layer_that_is_not_called_is_an_error():
    with pytest.raises(ValueError, match=r"\['unused'\] are not called"):
        look_at_several(tuple, layers=["several", "unused"])


def test_layers_of_one_name_are_numbered():
    inner = [
        keras.Sequential([keras.Input((100,)), keras.layers.Dense(100, "relu", name="hidden")])
        for _ in range(2)
    ]
    model = keras.Sequential([keras.Input((100,)), *inner, keras.layers.Dense(4, name="scores")])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    record = look(model).records[0]
    assert list(record) == ["hidden", "hidden#2"]
    assert record["hidden"].mean != record["hidden#2"].mean


def test_final_states_of_an_lstm_count_but_do_not_saturate():
    inputs = keras.Input((STEPS, FEATURES))
    outputs, *states = keras.layers.LSTM(
        4, bias_initializer="ones", return_state=True, return_sequences=True, name="lstm"
    )(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(states[1]))
    model.compile(keras.optimizers.SGD(0.0), "mse")
    statistics = ActivationStatistics(10 * SERIES, TARGETS)
    model.fit(SERIES, TARGETS, 64, callbacks=[statistics], verbose=0)
    known = keras.Model(inputs, [outputs, *states]).predict(10 * SERIES, verbose=0)
    record = statistics.records[0]["lstm"]
    assert record.counts.sum() == 64 * 4 * (STEPS + 2)
    values = np.concatenate([array.ravel() for array in known])
    assert record.std == pytest.approx(values.std(), rel=1e-3)
    assert np.abs(known[2]).max() > 1.5 and record.gradient > 0
    assert record.saturated == pytest.approx((np.abs(known[0]) >= 0.97).mean(), abs=1e-2)


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


def test_a_model_with_regularisers_is_looked_at():
    model = keras.Sequential(
        [keras.Input((100,)), keras.layers.Dense(4, "softmax", kernel_regularizer="l2")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    (layer,) = look(model).records[0].values()
    assert np.isfinite(layer.gradient) and layer.gradient > 0


def test_many_outputs_do_not_make_a_gradient_vanish():
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((64, 64, 1)),
        keras.layers.Conv2D(8, 3, padding="same", activation="relu", name="map"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(8, "tanh", name="hidden"),
        keras.layers.Dense(4, "softmax", name="classes"),
    ]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    x = GENERATOR.normal(size=(16, 64, 64, 1)).astype("float32")
    statistics = ActivationStatistics(x, Y[:16])
    model.fit(x, Y[:16], callbacks=[statistics], verbose=0)
    record = statistics.records[0]
    assert record["map"].gradient < 1e-3 * record["hidden"].gradient  # each alone is small
    assert set(statistics.diagnosis().values()) == {"fine"}


@pytest.mark.parametrize("of_model", [True, False])
def test_the_gradient_by_a_small_probability_is_no_measure(of_model):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((100,)),
            keras.layers.Dense(20, "relu", name="hidden"),
            keras.layers.Dense(4, name="scores"),
            keras.layers.Softmax(name="classes"),
        ]
    )
    weights = model.get_weights()
    weights[-1][:] = [0, 0, 0, 12]  # the others have probabilities of about 1e-5
    model.set_weights(weights)
    model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    names = ["hidden", "classes"]
    statistics = look(model, layers=names)
    record = statistics.records[1]
    assert record["hidden"].gradient < 1e-4 * record["classes"].gradient
    assert not record["hidden"].is_output and record["classes"].is_output
    other = ActivationStatistics(X, Y, names)
    other.set_state(statistics.get_state())
    if not of_model:
        other.records[1]["classes"] = record["classes"]._replace(is_output=False)
    verdict = "fine" if of_model else "gradient vanishes"
    assert other.diagnosis() == {"hidden": verdict, "classes": "fine"}


class ByChannel(keras.layers.Layer):
    """Returns x, negative in its first three channels, as a layer of a data format."""

    data_format, rank, activation = "channels_first", 2, staticmethod(keras.activations.relu)

    def __init__(self, is_activated, **options):
        super().__init__(**options)
        self.is_activated = is_activated

    def call(self, x):
        signs = keras.ops.reshape([-1.0, -1.0, -1.0, 1.0], (4, 1, 1))
        x = (keras.ops.abs(x) + 1) * signs
        return keras.ops.relu(x) if self.is_activated else x


@pytest.mark.parametrize(
    "layers, name, shape",
    [
        ([ByChannel(True, name="own")], "own", (4, 6, 6)),
        ([ByChannel(False), keras.layers.ReLU(name="relu")], "relu", (4, 6, 6)),
        ([keras.layers.TimeDistributed(ByChannel(True), name="each")], "each", (3, 4, 6, 6)),
    ],
)
def test_a_unit_is_a_channel(layers, name, shape):
    top = [keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(shape), *layers, *top])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x = np.ones((8, *shape), "float32")
    statistics = ActivationStatistics(x, layers=[name])
    model.fit(x, np.ones(8), callbacks=[statistics], verbose=0)
    assert statistics.records[0][name].dead == 0.75
    assert statistics.diagnosis() == {name: "dead"}


def test_a_unit_of_a_layer_with_weights_is_on_its_axis():
    layers = [keras.Input((4, 6)), keras.layers.BatchNormalization(axis=1, name="normal")]
    model = keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(1)])
    weights = model.get_weights()
    weights[0][:] = [0, 0, 0, 1]  # gamma
    model.set_weights(weights)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x = GENERATOR.normal(size=(8, 4, 6)).astype("float32")
    statistics = ActivationStatistics(x, layers=["normal"])
    model.fit(x, np.ones(8), callbacks=[statistics], verbose=0)
    assert statistics.records[0]["normal"].dead == 0.75
