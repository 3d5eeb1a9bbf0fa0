import math
import warnings

import keras
import numpy as np
import pytest

from kerasrecipes.schedules import (
    OneCycle,
    Scaled,
    SnapshotCosine,
    StepDecay,
    WarmRestarts,
    preview,
)


@pytest.mark.parametrize("total, cycles", [(40, 4), (40, 1), (41, 4), (7, 7)])
def test_snapshot_cosine_is_the_formula(total, cycles):
    length = math.ceil(total / cycles)
    expected = [
        0.3 / 2 * (math.cos(math.pi * ((t - 1) % length) / length) + 1) for t in range(1, total + 6)
    ]
    rates = preview(SnapshotCosine(0.3, total, cycles), total + 5)
    np.testing.assert_allclose(rates, expected, atol=3e-7, rtol=0)


def test_snapshot_cosine_warns_when_not_every_cycle_can_begin():
    with pytest.warns(UserWarning, match="only 5 will begin"):
        SnapshotCosine(0.1, 10, 6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SnapshotCosine(0.1, 10, 5)


@pytest.mark.parametrize("shape, theirs", [("cosine", "cos"), ("linear", "linear")])
@pytest.mark.parametrize("total, rise, first, last", [(100, 0.3, 25.0, 1e4), (37, 0.45, 10.0, 5.0)])
def test_one_cycle_is_pytorchs(shape, theirs, total, rise, first, last):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    peer = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.7, total, pct_start=rise, anneal_strategy=theirs,
        div_factor=first, final_div_factor=last,
    )  # fmt: skip
    expected = []
    for step in range(total):
        expected.append(peer.get_last_lr()[0])
        optimizer.step()
        if step < total - 1:
            peer.step()
    schedule = OneCycle(0.7, total, rise, first, last, shape)
    np.testing.assert_allclose(preview(schedule, total), expected, atol=5e-7, rtol=0)
    assert float(schedule(total + 1000)) == pytest.approx(expected[-1], rel=1e-5)


@pytest.mark.parametrize(
    "schedule",
    [
        SnapshotCosine(0.3, 40, 4),
        OneCycle(0.3, 40, 0.5, 10.0, 100.0, "linear"),
        Scaled(StepDecay(0.3, [10, 20]), 0.25),
        Scaled(keras.optimizers.schedules.ExponentialDecay(0.3, 5, 0.5), 3.0),
    ],
    ids=lambda schedule: type(schedule).__name__,
)
def test_config_round_trip_and_use_in_a_saved_optimizer(schedule, tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(schedule), loss="mse")
    model.fit(np.ones((8, 2)), np.ones((8, 1)), batch_size=2, verbose=0)
    model.save(tmp_path / "model.keras")
    restored = keras.models.load_model(tmp_path / "model.keras")
    assert int(restored.optimizer.iterations) == 4
    assert float(restored.optimizer.learning_rate) == pytest.approx(float(schedule(4)))


def test_scaled_multiplies():
    base = keras.optimizers.schedules.ExponentialDecay(0.3, 5, 0.5)
    np.testing.assert_allclose(preview(Scaled(base, 0.25), 20), 0.25 * preview(base, 20), rtol=2e-7)


@pytest.mark.parametrize(
    "make, error, named",
    [
        (lambda: SnapshotCosine(0.1, 10, 11), ValueError, "cycles"),
        (lambda: SnapshotCosine(0.1, 10, 0), ValueError, "cycles"),
        (lambda: SnapshotCosine(0.1, 10.5, 2), TypeError, "total"),
        (lambda: SnapshotCosine(-0.1, 10, 2), ValueError, "max_learning_rate"),
        (lambda: OneCycle(0, 10), ValueError, "max_learning_rate"),
        (lambda: OneCycle(1.0, 1), ValueError, "total"),
        (lambda: OneCycle(1.0, 10, rise=1.0), ValueError, "rise"),
        (lambda: OneCycle(1.0, 10, rise=0.1), ValueError, "rise"),
        (lambda: OneCycle(1.0, 10, initial_divisor=0.5), ValueError, "initial_divisor"),
        (lambda: OneCycle(1.0, 10, final_divisor=0.5), ValueError, "final_divisor"),
        (lambda: OneCycle(1.0, 10, shape="square"), ValueError, "shape"),
        (lambda: Scaled(0.1, 0.5), TypeError, "schedule"),
        (lambda: Scaled(StepDecay(0.1, []), 0), ValueError, "factor"),
        (lambda: preview(0.1, 3), TypeError, "schedule"),
        (lambda: preview(StepDecay(0.1, []), 0), ValueError, "steps"),
    ],
)
def test_bad_input(make, error, named):
    with pytest.raises(error, match=f"{named}.*Received"):
        make()


LONG = 2**31


@pytest.mark.parametrize(
    "make, name",
    [
        (lambda: SnapshotCosine(0.1, LONG, 2), "total"),
        (lambda: OneCycle(0.1, LONG), "total"),
        (lambda: StepDecay(0.1, [5, LONG]), "boundaries"),
        (lambda: StepDecay(0.1, [], warmup=LONG), "warmup"),
        (lambda: WarmRestarts(0.1, LONG), "first_cycle"),
        (lambda: WarmRestarts(0.1, 5, warmup=LONG), "warmup"),
    ],
)
def test_numbers_of_steps_that_an_int32_does_not_hold_are_refused(make, name):
    with pytest.raises(ValueError, match=rf"`{name}` must be in \[\d, 2147483647\]"):
        make()


SCHEDULES = [
    SnapshotCosine(0.3, 40_000, 4),
    OneCycle(0.3, 40_000),
    StepDecay(0.3, [10_000, 20_000], warmup=5000),
    WarmRestarts(0.3, 10_000, min_learning_rate=1e-3, peak_multiplier=0.5, warmup=5000),
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: type(schedule).__name__)
def test_steps_beyond_an_int32(schedule):
    with pytest.raises(ValueError, match="`step` must be at most 2147483647"):
        schedule(LONG)
    if keras.backend.backend() != "jax":  # has no int64 unless asked for
        beyond = keras.ops.convert_to_tensor(np.array(LONG + 7, "int64"))
        assert float(schedule(beyond)) == float(schedule(LONG - 1))


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: type(schedule).__name__)
def test_under_float16_the_rates_are_those_of_float32(schedule):
    steps = [0, 1, 2500, 4999, 5000, 10_001, 11_000, 11_001, 39_999]
    expected = [float(schedule(step)) for step in steps]
    keras.config.set_floatx("float16")
    try:
        found = [schedule(keras.ops.convert_to_tensor(step)) for step in steps]
    finally:
        keras.config.set_floatx("float32")
    assert {keras.backend.standardize_dtype(rate.dtype) for rate in found} == {"float32"}
    np.testing.assert_array_equal([float(rate) for rate in found], expected)
