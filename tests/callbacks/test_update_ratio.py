import io
import itertools
import pickle

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import PolyakAveraging, Resume, UpdateRatio
from kerasrecipes.callbacks.update_ratio import update_ratio
from tests.callbacks.small_fit import (
    BATCH,
    STEPS,
    Kill,
    KillAt,
    X,
    Y,
    assert_same,
    fit,
    small_model,
    values,
)

BACKEND = keras.backend.backend()


class Kernels(keras.callbacks.Callback):
    """The kernels before each step and after the last one, from the model itself."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_begin(self, batch, logs=None):
        self.seen.append(kernels(self.model))

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 == self.params["epochs"]:
            self.seen.append(kernels(self.model))


def kernels(model):
    return [
        np.array(keras.ops.convert_to_numpy(one), "float64")
        for one in model.trainable_variables
        if one.path.endswith("kernel")
    ]


def by_hand(before, after):
    """The ratio of each array, in a loop over its numbers."""
    ratios = []
    for w, v in zip(before, after):
        update = sum((b - a) ** 2 for a, b in zip(w.flat, v.flat))
        ratios.append((update / sum(a**2 for a in w.flat)) ** 0.5)
    return ratios


def test_a_step_of_gradient_descent_written_by_hand():
    keras.utils.set_random_seed(0)
    x, y = X[:4].astype("float64"), X[:4, :2].astype("float64")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="linear")])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    w = np.array(model.get_weights()[0], "float64")
    gradient = 2 * x.T @ (x @ w - y) / y.size
    ratios = UpdateRatio()
    model.fit(x, y, callbacks=[ratios], verbose=0)
    expected = np.sqrt((0.1 * gradient) ** 2 @ np.ones(2) @ np.ones(4)) / np.sqrt((w**2).sum())
    (path,) = ratios.records[0]
    assert path.endswith("linear/kernel")
    assert ratios.records[0][path] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("every_steps, measured", [(1, range(15)), (4, (0, 4, 8, 12)), (100, (0,))])
@pytest.mark.traced
def test_the_steps_that_are_measured(every_steps, measured):
    ratios, watch = UpdateRatio(every_steps), Kernels()
    model = small_model(optimizer=keras.optimizers.Adam(0.01))
    fit(model, 3, [watch, ratios])
    assert list(ratios.records) == list(measured)
    for step, record in ratios.records.items():
        expected = by_hand(watch.seen[step], watch.seen[step + 1])
        assert list(record.values()) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.traced
def test_training_is_that_without_it(is_first):
    alone, measured = small_model(), small_model()
    one = fit(alone, 2)
    ratios, watch = UpdateRatio(1), Kernels()
    two = fit(measured, 2, [ratios, watch] if is_first else [watch, ratios])
    assert_same(values(alone.variables), values(measured.variables))
    assert one.history == two.history


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.traced
def test_beside_an_average_the_raw_weights_count(order):
    alone, averaged = UpdateRatio(2), UpdateRatio(2)
    fit(small_model(), 2, [alone], validation=False)
    fit(small_model(), 2, [PolyakAveraging(0.9), averaged][::order], validation=False)
    assert list(alone.records) == list(averaged.records)
    for one, other in zip(alone.records.values(), averaged.records.values()):
        assert list(one.values()) == pytest.approx(list(other.values()), rel=1e-4)


@pytest.mark.traced
def test_with_accumulation_the_steps_of_one_update_are_measured():
    accumulating = keras.optimizers.SGD(0.5, gradient_accumulation_steps=2)
    ratios, watch = UpdateRatio(4), Kernels()
    fit(small_model(optimizer=accumulating), 2, [ratios, watch])
    assert list(ratios.records) == [0, 4, 8]
    for step, record in ratios.records.items():
        expected = by_hand(watch.seen[step], watch.seen[step + 2])
        assert list(record.values()) == pytest.approx(expected, rel=1e-6)
        assert min(expected) > 0


@pytest.mark.traced
@pytest.mark.skipif(BACKEND == "torch", reason="Keras has no steps_per_execution on PyTorch")
@pytest.mark.parametrize("size, measured", [(5, (0, 5)), (2, (0, 4, 9))])
def test_an_execution_of_several_steps_is_one(size, measured):
    ratios, watch = UpdateRatio(4), Kernels()
    fit(small_model(steps_per_execution=size), 2, [ratios, watch], validation=False)
    assert list(ratios.records) == list(measured)  # an execution of 2 has 1 step at an epoch's end
    begins = [epoch * STEPS + step for epoch in range(2) for step in range(0, STEPS, size)]
    for step, record in ratios.records.items():
        number = begins.index(step)
        expected = by_hand(watch.seen[number], watch.seen[number + 1])
        assert list(record.values()) == pytest.approx(expected, rel=1e-6)


@pytest.mark.traced
def test_accumulation_within_a_loss_scale():
    inner = keras.optimizers.SGD(0.5, gradient_accumulation_steps=2)
    ratios = UpdateRatio(2)
    model = small_model(optimizer=keras.optimizers.LossScaleOptimizer(inner, initial_scale=8.0))
    fit(model, 2, [ratios], validation=False)
    assert list(ratios.records) == [0, 2, 4, 6, 8]
    assert all(ratio > 0 for record in ratios.records.values() for ratio in record.values())


@pytest.mark.traced
def test_data_of_unknown_length_and_a_pickle_in_between():
    kept = []

    class Pickle(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            kept.append(pickle.loads(pickle.dumps(ratios)))

    ratios, watch = UpdateRatio(3), Kernels()
    history = []
    for callbacks in ([ratios, watch, Pickle()], []):
        options = {"callbacks": callbacks, "verbose": 0}
        history.append(small_model().fit(batches(0, STEPS + 2), **options).history)
    assert list(ratios.records) == [0, 3, 6] and history[0] == history[1]
    for step, record in ratios.records.items():
        expected = by_hand(watch.seen[step], watch.seen[step + 1])
        assert list(record.values()) == pytest.approx(expected, rel=1e-6)
    assert ratios.get_state().keys() == {"steps", "next", "batches", "at", "ratios"}
    fit(small_model(), 1, kept[1:2])
    assert list(kept[1].records) == [0, 3]


@pytest.mark.parametrize("accumulation, kill", [(None, 7), (2, 7), (2, 6), (3, 10)])
@pytest.mark.traced
def test_a_run_that_was_cut_has_all_records(tmp_path, accumulation, kill):
    def model():
        return small_model(
            optimizer=keras.optimizers.SGD(0.5, gradient_accumulation_steps=accumulation)
        )

    def train(start_step, *callbacks):
        options = {"epochs": 3, "steps_per_epoch": STEPS, "verbose": 0}
        return model().fit(batches(start_step), callbacks=list(callbacks), **options)

    whole, first, second = UpdateRatio(3), UpdateRatio(3), UpdateRatio(3)
    train(0, whole)
    resume = Resume(tmp_path, every_steps=1)
    with pytest.raises(Kill):
        train(resume.step, first, resume, KillAt(kill))
    resume = Resume(tmp_path, every_steps=1)
    assert resume.step in (kill - 1, kill)
    train(resume.step, second, resume)
    assert list(second.records) == list(whole.records)
    for one, other in zip(second.records.values(), whole.records.values()):
        assert list(one.values()) == list(other.values())


def batches(start_step, count=None):
    """The batches of `small_fit`, without end or so many, from a step on."""
    for step in itertools.islice(itertools.count(start_step), count):
        part = slice(step % STEPS * BATCH, (step % STEPS + 1) * BATCH)
        yield X[part], Y[part]


def test_frozen_layers_biases_and_layers_of_one_name():
    keras.utils.set_random_seed(0)
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="dense")], name="part")
    frozen = keras.layers.Dense(4, name="frozen", trainable=False)
    model = keras.Sequential([keras.Input((4,)), inner, frozen, keras.layers.Dense(3, name="top")])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    ratios = UpdateRatio()
    fit(model, 1, [ratios], validation=False)
    names = list(ratios.records[0])
    assert [name.split("/")[-2:] for name in names] == [["dense", "kernel"], ["top", "kernel"]]


@pytest.mark.traced
def test_weights_of_0_a_rate_of_0_and_verdicts():
    start = {"kernel_initializer": "zeros"}
    layers = [keras.layers.Dense(3, name="first"), keras.layers.Dense(3, name="last", **start)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss)
    ratios = UpdateRatio(1)
    fit(model, 1, [ratios], validation=False)
    assert list(ratios.diagnosis(step=0).values()) == ["none", "from 0"]
    assert list(ratios.diagnosis().values()) == ["large", "large"]
    for rate, verdict in ((1e-6, "small"), (1e-2, "fine"), (5.0, "large")):
        model = small_model(optimizer=keras.optimizers.SGD(rate))
        fit(model, 1, [ratios], validation=False)
        assert set(ratios.diagnosis(step=0).values()) == {verdict}


def test_a_model_that_the_data_build():
    model = keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    ratios = UpdateRatio(1)
    fit(model, 1, [ratios], validation=False)
    assert list(ratios.records)[0] in (0, 1) and list(ratios.records)[-1] == STEPS - 1
    assert all(len(record) == 2 for record in ratios.records.values())


@pytest.mark.traced
@pytest.mark.traced
def test_a_model_that_a_callback_builds_beside_an_average():
    build = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: model(X[:4]))
    model = keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    ratios = UpdateRatio(1)
    fit(model, 1, [build, ratios, PolyakAveraging(0.9)], validation=False)
    assert list(ratios.records) == list(range(STEPS))
    assert set(ratios.diagnosis(step=0).values()) <= {"fine", "large"}


class TwoOutputs(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = keras.layers.Dense(3), keras.layers.Dense(2)

    def call(self, x):
        return self.first(x), self.second(x)


@pytest.mark.traced
def test_a_second_fit_of_a_subclassed_model_of_two_outputs_begins_anew():
    keras.utils.set_random_seed(0)
    model = TwoOutputs()
    model(X[:4])
    model.compile(keras.optimizers.SGD(0.1), ["mse", "mse"])
    ratios, targets = UpdateRatio(STEPS), [X[:, :3], X[:, :2]]
    for _ in range(2):
        watch = Kernels()
        model.fit(X, targets, BATCH, epochs=2, callbacks=[ratios, watch], verbose=0)
        assert list(ratios.records) == [0, STEPS]
        for step, record in ratios.records.items():
            expected = by_hand(watch.seen[step], watch.seen[step + 1])
            assert list(record.values()) == pytest.approx(expected, rel=1e-6)


@pytest.mark.traced
def test_biases_of_two_dimensions_are_left_out():
    model = keras.Sequential(
        [
            keras.Input((4, 2)),
            keras.layers.GRU(3, return_sequences=True),
            Attention(),
            keras.layers.Flatten(),
            keras.layers.Dense(3),
        ]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    ratios = UpdateRatio()
    model.fit(X.repeat(2, 1).reshape(-1, 4, 2), Y, callbacks=[ratios], verbose=0)
    names = [name.split("/")[-1].split("#")[0] for name in ratios.records[0]]
    assert sorted(names) == ["kernel"] * 6 + ["recurrent_kernel"]


class Attention(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.attention = keras.layers.MultiHeadAttention(2, 3)

    def build(self, shape):
        self.attention.build(shape, shape)

    def call(self, x):
        return self.attention(x, x)


def test_the_picture_has_a_line_for_each_array():
    ratios = UpdateRatio(2)
    with pytest.raises(ValueError, match="Nothing has been measured yet"):
        ratios.plot()
    fit(small_model(), 2, [ratios])
    figure = ratios.plot()
    (axes,) = figure.axes
    assert len(axes.lines) == 2 and axes.get_yscale() == "log"
    np.testing.assert_allclose(
        axes.lines[0].get_ydata(), [list(record.values())[0] for record in ratios.records.values()]
    )
    figure.savefig(stream := io.BytesIO(), format="png")
    assert len(stream.getvalue()) > 10_000


def test_bad_input():
    with pytest.raises(ValueError, match=r"`every_steps` must be .*Received: every_steps=0"):
        UpdateRatio(0)
    with pytest.raises(TypeError, match="every_steps"):
        UpdateRatio(0.5)
    ratios = UpdateRatio()
    fit(small_model(), 1, [ratios])
    with pytest.raises(ValueError, match=r"`step` must be one of \[0\]. Received: step=3"):
        ratios.diagnosis(step=3)
    model = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization()])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="must have trainable weights of two dimensions"):
        model.fit(X, X, callbacks=[UpdateRatio()], verbose=0)


def test_the_ratio_of_short_floats_is_taken_in_float64():
    before = np.full((100, 100), 300, "float16")  # whose squares are above the largest float16
    after = (before + 3).astype("float16")
    assert update_ratio(before, after) == pytest.approx(0.01)


def test_ratios_of_0_and_of_what_is_not_finite():
    zeros, ones = np.zeros((2, 2)), np.ones((2, 2))
    assert update_ratio(zeros, ones) == np.inf
    assert update_ratio(zeros, zeros) == update_ratio(ones, ones) == 0
    assert np.isnan(update_ratio(ones, ones * np.inf)) and np.isnan(
        update_ratio(zeros, ones * np.nan)
    )
    model = small_model(optimizer=keras.optimizers.SGD(1e38))
    ratios = UpdateRatio(1)
    fit(model, 1, [ratios], validation=False)
    assert set(ratios.diagnosis().values()) == {"not finite"}
