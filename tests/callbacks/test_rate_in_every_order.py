"""`History["learning_rate"]` is the true rate of the last batch, in every order of callbacks.

The truth is the last difference of a weight whose gradient is 1: no code of the package is asked.
"""

import io
import itertools

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import (
    SGDR,
    ActivationStatistics,
    BestSnapshot,
    LearningRateFinder,
    PlateauFactor,
    PolyakAveraging,
    Resume,
    SnapshotEnsemble,
    WeightAverage,
)
from kerasrecipes.experiment import Progress
from kerasrecipes.optimizers import LayerwiseLearningRates
from kerasrecipes.schedules import StepDecay
from tests.callbacks.rates import Weights, ones, slope_model

BACKEND = keras.backend.backend()
STEPS, EPOCHS, MULTIPLIER = 4, 5, 0.5
ALL = (
    "progress", "plateau", "best", "averaging", "resume", "snapshots", "statistics", "sgdr",
)  # fmt: skip
NEAR_THE_RATE = ("progress", "sgdr", "plateau", "best", "averaging")
WITH_MEAN = ("mean", "progress", "sgdr", "plateau", "resume", "snapshots")
RATES = ("number", "schedule", "layer-wise", "layer-wise schedule")
SAMPLE = (
    ("number", "sgdr"), ("schedule", "plateau"), ("layer-wise", "nothing"),
    ("layer-wise schedule", "sgdr"),
)  # fmt: skip


def plateau():
    return PlateauFactor("loss", 0.5, patience=1, mode="max")  # the loss falls: lower every epoch


def make(name, folder):
    makers = {
        "progress": lambda: Progress(io.StringIO()),
        "plateau": plateau,
        "best": lambda: BestSnapshot("loss", mode="max"),  # of the first epoch
        "averaging": lambda: PolyakAveraging(
            0.0
        ),  # the average is the weight, or its steps would tell no rate
        "mean": lambda: WeightAverage(1, every_steps=3),
        "resume": lambda: Resume(folder),
        "snapshots": lambda: SnapshotEnsemble(every_epochs=2),
        "statistics": lambda: ActivationStatistics(*ones(2), layers=["slope"]),
        "sgdr": lambda: SGDR(0.25, 1.5, 1.5),
    }
    return makers[name]()


def compiled_with(rate, mode):
    """Return the model and the multiplier of its weight."""
    number = 0.25 if "schedule" not in rate else StepDecay(0.25, [6, 11])
    optimizer, multiplier = keras.optimizers.SGD(number), 1.0
    if rate.startswith("layer-wise"):
        optimizer = LayerwiseLearningRates(optimizer, {"slope": MULTIPLIER})
        multiplier = MULTIPLIER
    if mode == "mixed precision":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=8.0)
    options = {"run_eagerly": mode == "eager", "jit_compile": mode == "jit"}
    return slope_model(optimizer, **options), multiplier


def check(order, rate, folder, mode="eager"):
    """Train, compare the logged rates with the true ones, return them and the final rate."""
    former = keras.config.dtype_policy()
    if mode == "mixed precision":
        keras.config.set_dtype_policy("mixed_float16")
    try:
        model, multiplier = compiled_with(rate, mode)
        recorder = Weights()
        callbacks = [recorder, *(make(name, folder) for name in order)]
        data = ones(STEPS)
        history = model.fit(
            *data, 1, epochs=EPOCHS, validation_data=data, verbose=0, callbacks=callbacks
        )
    finally:
        keras.config.set_dtype_policy(former)
    true = recorder.rates[STEPS - 1 :: STEPS] / multiplier
    logged = history.history.get("learning_rate")
    if {"progress", "sgdr", "plateau"} & set(order):
        assert len(logged) == EPOCHS
        np.testing.assert_allclose(logged, true, atol=3e-6, rtol=0)
    else:
        assert logged is None
    return true, float(model.optimizer.learning_rate)


def check_orders(orders, rate, folder, mode="eager"):
    """Check each; in all of them the same happens."""
    results = [check(order, rate, folder / str(i), mode) for i, order in enumerate(orders)]
    for true, final in results[1:]:
        np.testing.assert_allclose(true, results[0][0], atol=3e-6, rtol=0)
        assert final == pytest.approx(results[0][1], rel=1e-6)
    return results[0]


def orders_of_triples(names):
    """Return orders in which every three names stand in each of their six orders."""
    missing = set(itertools.permutations(names, 3))
    random, orders = np.random.default_rng(0), []
    while missing:
        several = [tuple(random.permutation(names)) for _ in range(200)]
        best = max(several, key=lambda order: len(missing & set(itertools.combinations(order, 3))))
        covered = missing & set(itertools.combinations(best, 3))
        if covered:
            missing -= covered
            orders.append(best)
    return orders


MODES = [
    pytest.param("eager", marks=pytest.mark.soak),
    pytest.param("jit", marks=pytest.mark.soak),
    pytest.param("mixed precision", marks=pytest.mark.soak),
]


def allowed(mode):
    if mode == "jit" and BACKEND == "torch":
        pytest.skip("torch.compile takes a C compiler and half a minute")


@pytest.mark.parametrize(
    "rate, left_out",
    [
        pytest.param(rate, left_out, marks=() if (rate, left_out) in SAMPLE else pytest.mark.slow)
        for rate in RATES
        for left_out in ("sgdr", "plateau", "nothing")
    ],
)
@pytest.mark.traced
def test_every_two_callbacks_in_both_orders(rate, left_out, tmp_path):
    order = [
        name for name in ALL if name != left_out and not (name == "sgdr" and "schedule" in rate)
    ]
    true, final = check_orders([order, order[::-1]], rate, tmp_path)
    if left_out == "sgdr" and rate == "number":
        np.testing.assert_allclose(true, 0.25 / np.array([1, 1, 2, 4, 8]), atol=3e-6)
        assert final == pytest.approx(0.25 / 16)


@pytest.mark.filterwarnings("ignore:The schedule that.*no effect")
@pytest.mark.traced
def test_sgdr_over_a_schedule_in_both_orders(tmp_path):
    two = ("progress", "sgdr")
    true, final = check_orders([two, two[::-1]], "schedule", tmp_path)
    assert true[0] == pytest.approx(0.125, abs=1e-5)  # 3 of 6 updates: the middle of the cosine
    assert final == pytest.approx(0.0025)  # of the schedule that was compiled in


@pytest.mark.parametrize(
    "mode", ["graph", "jit", pytest.param("mixed precision", marks=pytest.mark.slow)]
)
@pytest.mark.traced
def test_compiled_steps_in_both_orders(mode, tmp_path):
    allowed(mode)
    check_orders([NEAR_THE_RATE, NEAR_THE_RATE[::-1]], "layer-wise", tmp_path, mode)


def test_the_orders_of_triples_have_every_triple():
    orders = orders_of_triples(ALL)
    for triple in itertools.permutations(ALL, 3):
        assert any(triple in itertools.combinations(order, 3) for order in orders)


@pytest.mark.parametrize("mode", MODES)
def test_every_order_of_those_near_the_rate(mode, tmp_path):
    allowed(mode)
    orders = list(itertools.permutations(NEAR_THE_RATE))
    assert len(orders) == 120
    check_orders(orders, "layer-wise", tmp_path, mode)


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore:The schedule that.*no effect")
@pytest.mark.parametrize("mode", ["eager", "jit", "mixed precision"])
@pytest.mark.parametrize("rate", RATES)
def test_every_three_callbacks_in_each_of_their_orders(rate, mode, tmp_path):
    allowed(mode)
    for number, names in enumerate((ALL, ALL[:-1])):  # with SGDR and without
        check_orders(orders_of_triples(names), rate, tmp_path / str(number), mode)


@pytest.mark.parametrize("is_reversed", [False, True])
def test_progress_beside_sgdr(is_reversed):
    two = [Progress(io.StringIO()), SGDR(0.1, 1, 1)]
    history = slope_model().fit(
        *ones(4), 1, epochs=3, verbose=0, callbacks=two[::-1] if is_reversed else two
    )
    np.testing.assert_allclose(history.history["learning_rate"], [0.0146447] * 3, atol=1e-6)


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("rate", [1e-3, StepDecay(1e-3, [1000])], ids=["number", "schedule"])
def test_progress_beside_plateau_factor(rate, is_reversed):
    two = [Progress(io.StringIO()), plateau()]
    history = slope_model(keras.optimizers.SGD(rate)).fit(
        *ones(4), 1, epochs=4, verbose=0, callbacks=two[::-1] if is_reversed else two
    )
    expected = [1e-3, 1e-3, 5e-4, 2.5e-4]
    np.testing.assert_allclose(history.history["learning_rate"], expected, rtol=1e-6)


def test_progress_alone_with_a_schedule_compiled_in():
    model = slope_model(keras.optimizers.SGD(StepDecay(1.0, [4])))
    history = model.fit(*ones(4), 1, verbose=0, callbacks=[Progress(io.StringIO())])
    assert history.history["learning_rate"] == [1.0]


@pytest.mark.parametrize("is_reversed", [False, True])
def test_plateau_factor_beside_best_snapshot_ends_at_the_lower_rate(is_reversed):
    model = slope_model(keras.optimizers.SGD(0.4))
    two = [PlateauFactor("loss", 0.5, patience=1, mode="max"), BestSnapshot("loss", mode="max")]
    model.fit(*ones(4), 1, epochs=4, verbose=0, callbacks=two[::-1] if is_reversed else two)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.05)


@pytest.mark.parametrize("is_reversed", [False, True])
def test_progress_beside_the_finder(is_reversed):
    model, recorder = slope_model(), Weights()
    finder = LearningRateFinder(1e-2, 1.0, divergence=1e9)
    two = [Progress(io.StringIO()), finder]
    history = model.fit(
        *ones(4), 1, epochs=2, verbose=0,
        callbacks=[recorder, *(two[::-1] if is_reversed else two)],
    )  # fmt: skip
    np.testing.assert_allclose(history.history["learning_rate"], recorder.rates[3::4], atol=3e-6)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.123)


@pytest.mark.parametrize("rate", [pytest.param("number", marks=pytest.mark.slow), "layer-wise"])
@pytest.mark.traced
def test_beside_an_average_of_equal_weights(rate, tmp_path):
    turns = [WITH_MEAN[i:] + WITH_MEAN[:i] for i in range(len(WITH_MEAN))]
    check_orders([*turns, WITH_MEAN[::-1]], rate, tmp_path)
