"""The average against the mean of the epochs' weights in a float64 loop, and what is beside it."""

import contextlib
import copy
import functools
import itertools
import pickle

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import (
    SGDR,
    BestSnapshot,
    PolyakAveraging,
    Resume,
    SnapshotEnsemble,
    WeightAverage,
)
from kerasrecipes.inference import recalibrate_normalization
from tests.callbacks.small_fit import (
    STEPS,
    Act,
    Kill,
    KillAt,
    X,
    assert_close,
    assert_same,
    fit,
    small_model,
    values,
)  # fmt: skip

ON_TORCH = keras.backend.backend() == "torch"
pytestmark = [
    pytest.mark.filterwarnings("ignore:The statistics of normalisation layers will be averaged"),
    pytest.mark.filterwarnings("ignore:.every_steps"),
]


class Record(keras.callbacks.Callback):
    """The weights after each step and each epoch."""

    def __init__(self):
        super().__init__()
        self.steps, self.epochs = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(values(self.model.weights))

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(values(self.model.weights))


def record_of(callbacks=(), **options):
    """Return the record of a fit of 4 epochs without an average, which begins as shorter ones."""
    record = Record()
    fit(small_model(**options), 4, [*callbacks, record], validation=False)
    return record


recorded = functools.cache(record_of)


@functools.cache
def recorded_with_sgdr():
    return record_of([SGDR(0.5, 1, 1)])


def mean(weights):
    return [np.mean([w.astype("float64") for w in each], axis=0) for each in zip(*weights)]


@pytest.mark.parametrize("start_epoch", [0, pytest.param(2, marks=pytest.mark.slow), 3])
@pytest.mark.traced
def test_model_ends_with_the_mean_of_the_epochs_and_trains_without_it(start_epoch):
    plain, record = recorded(), Record()
    average, model = WeightAverage(start_epoch), small_model()
    fit(model, 4, [average, record], validation=False)
    for one, other in zip(record.steps, plain.steps, strict=True):
        assert_same(one, other)
    assert_close(values(model.weights), mean(plain.epochs[start_epoch:]))
    assert_same(average.raw_weights(), plain.epochs[-1])
    assert average.count == 4 - start_epoch


@pytest.mark.parametrize("every_steps", [1, 3])
@pytest.mark.traced
def test_mean_of_every_so_many_steps(every_steps):
    model, average = small_model(), WeightAverage(1, every_steps)
    fit(model, 4, [average], validation=False)
    chosen = recorded().steps[STEPS:][every_steps - 1 :: every_steps]
    assert average.count == len(chosen)
    assert_close(values(model.weights), mean(chosen))


@pytest.mark.skipif(ON_TORCH, reason="PyTorch has one step an execution")
def test_executions_of_several_steps():
    model, average = small_model(steps_per_execution=2), WeightAverage(1, 4)
    fit(model, 3, [average], validation=False)
    steps, ends = recorded().steps, (STEPS + 4, 2 * STEPS + 2, 3 * STEPS)  # executions of 2 2 1
    chosen = [steps[end - 1] for end in ends]
    assert average.count == 3
    assert_close(values(model.weights), mean(chosen))


@pytest.mark.skipif(ON_TORCH, reason="torch.compile needs a C++ compiler and minutes")
@pytest.mark.traced
def test_steps_compiled_by_xla():
    plain, model = record_of(jit_compile=True), small_model(jit_compile=True)
    fit(model, 4, [WeightAverage(1)], validation=False)
    assert_close(values(model.weights), mean(plain.epochs[1:]))


@pytest.mark.traced
def test_statistics_are_recomputed_for_the_averaged_weights():
    model = small_model()
    fit(model, 4, [WeightAverage(1, recalibration_data=X)], validation=False)
    expected = mean(recorded().epochs[1:])
    kernel = expected[0]
    features = X.astype("float64") @ kernel
    moving_mean, moving_variance = values(model.layers[1].weights)[2:]
    np.testing.assert_allclose(moving_mean, features.mean(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(moving_variance, features.var(0), rtol=1e-4, atol=1e-5)
    trained = [w for w, v in zip(expected, model.weights, strict=True) if v.trainable]
    assert_close(values(model.trainable_weights), trained)


@pytest.mark.traced
def test_recalibration_uses_so_many_batches_of_endless_data():
    batches = itertools.cycle([(X[:8], None), (X[8:], None)])
    model, twin = small_model(), small_model()
    average = WeightAverage(0, recalibration_data=batches, recalibration_steps=1)
    fit(model, 2, [average], validation=False)
    fit(twin, 2, [WeightAverage(0)], validation=False)
    recalibrate_normalization(twin, X[:8])
    assert_close(values(model.weights), values(twin.weights))


@pytest.mark.parametrize(
    "policy",
    [pytest.param("mixed_bfloat16", marks=pytest.mark.slow), "mixed_float16", "bfloat16"],
)
@pytest.mark.traced
def test_average_is_computed_in_float32(policy):
    keras.config.set_dtype_policy(policy)
    try:
        plain, model, average = record_of(), small_model(), WeightAverage(0)
        fit(model, 4, [average], validation=False)
    finally:
        keras.config.set_dtype_policy("float32")
    state = average.get_state()
    expected = mean(plain.epochs)
    assert {state[f"average/{i}"].dtype.name for i in range(len(expected))} == {"float32"}
    floats = [state[f"average/{i}"] for i in range(len(expected))]
    assert_close(floats, expected)
    rounded = [value.astype(weight.dtype) for value, weight in zip(floats, values(model.weights))]
    assert_same(values(model.weights), rounded)


def test_frozen_layers_stay_as_they_are():
    model = small_model()
    model.layers[0].trainable = model.layers[1].trainable = False
    model.compile(keras.optimizers.SGD(0.5), model.loss)
    frozen = [*model.layers[0].weights, *model.layers[1].weights]
    before, last = values(frozen), values(model.layers[-1].weights)
    fit(model, 3, [WeightAverage(0)], validation=False)
    assert_same(values(frozen), before)
    assert np.abs(values(model.layers[-1].weights)[0] - last[0]).max() > 1e-3


@pytest.mark.traced
def test_second_fit_trains_on_from_the_raw_weights():
    model, average = small_model(), WeightAverage(1, recalibration_data=X)
    fit(model, 2, [average], validation=False)
    fit(model, 2, [average], validation=False)
    plain, record = small_model(), Record()
    for _ in range(2):
        fit(plain, 2, [record], validation=False)
    trained = [v.trainable for v in model.weights]
    for weight, last, is_trained in zip(values(model.weights), record.epochs[-1], trained):
        if is_trained:
            np.testing.assert_allclose(weight, last, rtol=2e-5, atol=2e-6)


@pytest.mark.traced
def test_second_fit_takes_weights_that_were_loaded_in_between():
    model, average = small_model(optimizer=keras.optimizers.SGD(1e-9)), WeightAverage(0)
    fit(model, 1, [average])
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    fit(model, 1, [average])
    np.testing.assert_allclose(values(model.weights)[0], 0, atol=1e-7)


def beside(folder):
    return [
        SGDR(0.5, 1, 1),
        BestSnapshot(filepath=folder / "best.keras"),
        Resume(folder / "state", every_steps=STEPS),
        WeightAverage(1, recalibration_data=X),
    ]


ORDERS = list(itertools.permutations(range(4)))


def check_order(order, folder):
    """The average is that of SGDR's epochs; the file has the best of the raw weights."""
    every, model = beside(folder), small_model()
    history = fit(model, 3, [every[i] for i in order])
    plain = recorded_with_sgdr()
    expected = mean(plain.epochs[1:3])
    trained = [w for w, v in zip(expected, model.weights, strict=True) if v.trainable]
    assert_close(values(model.trainable_weights), trained)
    best = int(np.argmin(history.history["val_loss"]))
    assert_same(values(keras.saving.load_model(folder / "best.keras").weights), plain.epochs[best])
    return values(model.variables)


@pytest.mark.slow
@pytest.mark.parametrize("order", [ORDERS[-1], *ORDERS[2::5]])
def test_beside_others_in_some_orders(order, tmp_path):
    check_order(order, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("order", ORDERS)
def test_beside_others_in_every_order(order, tmp_path):
    check_order(order, tmp_path)


@pytest.mark.parametrize(
    "order, kill_at",
    [
        (ORDERS[0], 2 * STEPS + 1),
        pytest.param(ORDERS[0], 3 * STEPS, marks=pytest.mark.slow),
        pytest.param(ORDERS[-1], 2 * STEPS + 1, marks=pytest.mark.slow),
        (ORDERS[-1], 3 * STEPS),
    ],
)
@pytest.mark.traced
def test_killed_and_resumed_run_ends_the_same_to_the_bit(order, kill_at, tmp_path):
    whole = check_order(order, tmp_path / "whole")
    every = beside(tmp_path / "cut")
    with contextlib.suppress(Kill):  # at the last, it is over
        fit(small_model(), 3, [*(every[i] for i in order), KillAt(kill_at)])
    model, every = small_model(), beside(tmp_path / "cut")
    fit(model, 3, [every[i] for i in order])
    assert_same(values(model.variables), whole)


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.traced
def test_steps_of_a_resumed_average(is_first, tmp_path):
    def callbacks(folder):
        two = [WeightAverage(0, 2), Resume(folder, every_steps=STEPS)]
        return two if is_first else two[::-1]

    whole, model = small_model(), small_model()
    fit(whole, 3, callbacks(tmp_path / "whole"), validation=False)
    with pytest.raises(Kill):
        killed = [*callbacks(tmp_path / "cut"), KillAt(STEPS + 3)]
        fit(small_model(), 3, killed, validation=False)
    fit(model, 3, callbacks(tmp_path / "cut"), validation=False)
    assert_same(values(model.variables), values(whole.variables))


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.traced
def test_snapshots_are_of_the_raw_weights(is_first):
    two = [SnapshotEnsemble(every_epochs=2, from_logits=True), WeightAverage(0)]
    fit(small_model(), 2, two if is_first else two[::-1], validation=False)
    assert_same(two[0].weights(1), recorded().epochs[1])


@pytest.mark.parametrize("how", [copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_copy_in_the_middle_of_a_fit_has_the_average_so_far(how):
    average, twins = WeightAverage(0), []
    copying = Act(1, lambda: twins.append(how(average)))
    fit(small_model(), 2, [average, copying], validation=False)
    assert twins[0].count == 1
    averages = twins[0].get_state()
    for i, value in enumerate(recorded().epochs[0]):
        np.testing.assert_array_equal(averages[f"average/{i}"], value)


@pytest.mark.traced
def test_fit_that_ends_before_the_first_weights_says_so():
    model = small_model()
    with pytest.warns(UserWarning, match="before the first weights of WeightAverage"):
        fit(model, 3, [WeightAverage(2, every_steps=STEPS + 1)], validation=False)
    assert_same(values(model.weights), recorded().epochs[2])


@pytest.mark.traced
def test_statistics_that_are_not_recomputed_and_data_without_effect_warn():
    with pytest.warns(UserWarning, match="give WeightAverage `recalibration_data`"):
        fit(small_model(), 1, [WeightAverage(0)], validation=False)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.warns(UserWarning, match="`recalibration_data` has no effect"):
        fit(model, 1, [WeightAverage(0, recalibration_data=X)])
    with pytest.warns(UserWarning, match="`recalibration_steps` has no effect"):
        WeightAverage(0, recalibration_steps=2)


BAD = [
    ({"start_epoch": -1}, ValueError),
    ({"start_epoch": 1.5}, TypeError),
    ({"every_steps": 0, "start_epoch": 0}, ValueError),
    ({"recalibration_steps": 0, "start_epoch": 0}, ValueError),
]


@pytest.mark.parametrize("options, error", BAD, ids=str)
def test_bad_input(options, error):
    with pytest.raises(error, match=f"`{next(iter(options))}`.*Received"):
        WeightAverage(**options)


def test_what_cannot_be_averaged_is_refused_before_the_first_step():
    model = small_model()
    before = values(model.weights)
    with pytest.raises(ValueError, match="`start_epoch` must be below the 2 epochs.*Received"):
        fit(model, 2, [WeightAverage(2)])
    for order in itertools.permutations([WeightAverage(0), PolyakAveraging()]):
        with pytest.raises(ValueError, match="PolyakAveraging.*Received"):
            fit(model, 2, order)
    assert_same(values(model.weights), before)
    model.compile(keras.optimizers.SGD(use_ema=True), model.loss)
    with pytest.raises(ValueError, match="use_ema"):
        fit(model, 2, [WeightAverage(0)])
    with pytest.raises(ValueError, match="No weights have been averaged"):
        WeightAverage(0).raw_weights()
