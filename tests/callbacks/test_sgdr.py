import math

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import SGDR, PlateauFactor, Resume, SnapshotEnsemble
from kerasrecipes.schedules import StepDecay
from tests.callbacks.rates import Weights, ones, slope_model, weight
from tests.schedules.paper_rates import paper_rates

BACKEND = keras.backend.backend()


@pytest.mark.parametrize("multiplier, jit", [(1, False), (2, False), (1.5, False), (1.5, True)])
@pytest.mark.traced
def test_every_batch_has_the_papers_rate(multiplier, jit):
    if jit and BACKEND == "torch":
        pytest.skip("torch.compile takes a C compiler and half a minute")
    model, recorder = slope_model(jit_compile=jit), Weights()
    sgdr = SGDR(0.5, 2, multiplier, min_learning_rate=0.1, warmup_epochs=1)
    history = model.fit(*ones(7), 1, epochs=9, callbacks=[recorder, sgdr], verbose=0)
    expected = paper_rates(63, 0.5, 14, multiplier, 0.1, warmup=7)
    np.testing.assert_allclose(recorder.rates, expected, atol=2e-6, rtol=0)
    np.testing.assert_allclose(history.history["learning_rate"], expected[6::7], rtol=1e-6)
    ends = {1: [2, 4, 6, 8], 2: [2, 6], 1.5: [2, 5]}
    assert sgdr.cycle_ends == ends[multiplier]


@pytest.mark.skipif(BACKEND == "torch", reason="Keras has no steps_per_execution on PyTorch")
def test_steps_per_execution():
    model, recorder = slope_model(steps_per_execution=8), Weights()
    model.fit(*ones(20), 1, epochs=3, callbacks=[SGDR(0.5, 1, 2), recorder], verbose=0)
    expected = paper_rates(60, 0.5, 20, 2)
    sums = [sum(expected[e + i : e + min(i + 8, 20)]) for e in (0, 20, 40) for i in (0, 8, 16)]
    np.testing.assert_allclose(recorder.rates, sums, atol=1e-5, rtol=0)


def test_gradient_accumulation_counts_updates():
    optimizer = keras.optimizers.SGD(0.123, gradient_accumulation_steps=4)
    model, recorder = slope_model(optimizer), Weights()
    sgdr = SGDR(0.5, 1, 2)
    history = model.fit(*ones(12), 1, epochs=3, callbacks=[sgdr, recorder], verbose=0)
    expected = paper_rates(9, 0.5, 3, 2)
    np.testing.assert_allclose(recorder.rates[3::4], expected, atol=1e-6, rtol=0)
    assert not recorder.rates[[0, 1, 2, 4, 5, 6]].any()
    assert sgdr.cycle_ends == [0, 2]
    np.testing.assert_allclose(history.history["learning_rate"], expected[2::3], rtol=1e-6)


def test_each_fit_begins_anew_and_one_from_an_initial_epoch_goes_on():
    model, sgdr = slope_model(), SGDR(0.5, 2, 1)
    runs = []
    for epochs, initial_epoch in [(1, 0), (3, 0), (5, 3)]:
        recorder = Weights()
        model.fit(
            *ones(5), 1, epochs=epochs, initial_epoch=initial_epoch,
            callbacks=[sgdr, recorder], verbose=0,
        )  # fmt: skip
        runs.append(recorder.rates)
    expected = paper_rates(25, 0.5, 10, 1)
    np.testing.assert_allclose(runs[0], expected[:5], atol=1e-6)
    np.testing.assert_allclose(runs[1], expected[:15], atol=1e-6)
    np.testing.assert_allclose(runs[2], expected[15:], atol=1e-6)


def test_the_optimizer_is_left_as_it_was_and_its_state_fits(tmp_path):
    model = slope_model(keras.optimizers.Adam(0.01))
    model.fit(*ones(5), 1, verbose=0)
    model.save_weights(tmp_path / "before.weights.h5")
    count = len(model.optimizer.variables)
    saver = keras.callbacks.ModelCheckpoint(tmp_path / "during.keras")
    model.fit(*ones(5), 1, epochs=3, callbacks=[SGDR(0.5, 1), saver], verbose=0)
    assert len(model.optimizer.variables) == count
    assert float(model.optimizer.learning_rate) == np.float32(0.01)
    before = weight(model)
    recorder = Weights()
    model.fit(*ones(5), 1, callbacks=[recorder], verbose=0)
    assert np.abs(recorder.rates).max() < 0.02 and weight(model) != before
    model.load_weights(tmp_path / "before.weights.h5")
    assert int(model.optimizer.iterations) == 5


@pytest.mark.parametrize("reverse", [False, True])
def test_composes_with_plateau_factor_in_either_order(reverse):
    model, recorder = slope_model(), Weights()
    callbacks = [SGDR(0.5, 2, 1), PlateauFactor("steady", 0.5, patience=2, mode="min")]
    order = callbacks[::-1] if reverse else callbacks
    steady = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: logs.update(steady=1.0)
    )
    history = model.fit(*ones(5), 1, epochs=6, callbacks=[steady, *order, recorder], verbose=0)
    factors = np.repeat([1, 1, 1, 0.5, 0.5, 0.25], 5)
    expected = factors * paper_rates(30, 0.5, 10, 1)
    np.testing.assert_allclose(recorder.rates, expected, atol=2e-6)
    np.testing.assert_allclose(history.history["learning_rate"], expected[4::5], rtol=1e-6)
    assert float(model.optimizer.learning_rate) == np.float32(0.123)


def test_loss_scaling_and_several_optimizers():
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=2.0)
    model, recorder = slope_model(scaled), Weights()
    model.fit(*ones(6), 1, callbacks=[SGDR(0.5, 1), recorder], verbose=0)
    np.testing.assert_allclose(recorder.rates, paper_rates(6, 0.5, 6, 2), atol=1e-6)


def test_a_schedule_that_was_compiled_in_warns():
    model = slope_model(keras.optimizers.SGD(StepDecay(0.1, [3])))
    with pytest.warns(UserWarning, match="no effect"):
        history = model.fit(*ones(4), 1, callbacks=[SGDR(0.5, 1)], verbose=0)
    assert history.history["learning_rate"][0] == pytest.approx(paper_rates(4, 0.5, 4, 2)[-1])
    assert float(model.optimizer.learning_rate) == np.float32(0.01)


class WithInfinities(keras.utils.PyDataset):
    """Batches of one row, whose gradient is infinite in those of these numbers."""

    def __init__(self, batches, infinite):
        super().__init__()
        self.x, _ = ones(batches)
        self.x[list(infinite)] = np.inf

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i : i + 1], np.ones((1, 1), "float32")


@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
@pytest.mark.traced
def test_batches_that_a_loss_scale_skips_do_not_shift_cycles_off_the_epochs(mode):
    if mode == "jit" and BACKEND == "torch":
        pytest.skip("torch.compile takes a C compiler and half a minute")
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=8.0)
    model = slope_model(scaled, run_eagerly=mode == "eager", jit_compile=mode == "jit")
    recorder, skipped = Weights(), [1, 4]
    history = model.fit(
        WithInfinities(6, skipped), epochs=4, shuffle=False, callbacks=[SGDR(0.5, 1, 2), recorder],
        verbose=0,
    )  # fmt: skip
    expected = paper_rates(24, 0.5, 6, 2)
    trained = [i for i in range(24) if i % 6 not in skipped]
    assert int(model.optimizer.iterations) == len(trained)
    np.testing.assert_allclose(recorder.rates[trained], expected[trained], atol=2e-6, rtol=0)
    assert not recorder.rates[[i for i in range(24) if i % 6 in skipped]].any()
    np.testing.assert_allclose(history.history["learning_rate"], expected[5::6], rtol=1e-5)
    assert "apply" not in vars(model.optimizer) and "stateless_apply" not in vars(model.optimizer)


@pytest.mark.traced
def test_skipped_batches_count_in_a_resumed_run(tmp_path):
    def train(folder, epochs):
        keras.utils.set_random_seed(0)
        optimizer = keras.optimizers.SGD(0.1)
        model = slope_model(keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=8.0))
        callbacks = [SGDR(0.5, 2, 1), Resume(folder, allow=("epochs",))]
        history = model.fit(
            WithInfinities(6, [1, 4]), epochs=epochs, shuffle=False, callbacks=callbacks, verbose=0
        )
        return weight(model), history.history["learning_rate"]

    whole = train(tmp_path / "whole", 4)
    train(tmp_path / "cut", 3)
    assert train(tmp_path / "cut", 4) == whole


def of_unknown_length(batches):
    """Batches whose number nothing tells, again in each epoch."""
    import tensorflow as tf

    def rows():
        for _ in range(batches):
            yield np.ones((1, 1), "float32"), np.ones((1, 1), "float32")

    spec = tf.TensorSpec((1, 1))
    return tf.data.Dataset.from_generator(rows, output_signature=(spec, spec))


@pytest.mark.parametrize("warmup", [0, 1])
@pytest.mark.traced
def test_data_of_unknown_length_tell_the_steps_in_the_first_epoch(warmup):
    model, recorder, sgdr = slope_model(), Weights(), SGDR(0.5, 2, 2, 0.1, warmup_epochs=warmup)
    history = model.fit(of_unknown_length(6), epochs=7, callbacks=[recorder, sgdr], verbose=0)
    expected = paper_rates(42, 0.5, 12, 2, 0.1, warmup=6 * warmup)
    # In the first epoch all batches have the rate of its middle.
    middle = 0.25 if warmup else 0.1 + 0.2 * (1 + math.cos(math.pi / 4))
    np.testing.assert_allclose(recorder.rates[:6], middle, rtol=1e-3)
    np.testing.assert_allclose(recorder.rates[6:], expected[6:], atol=2e-6, rtol=0)
    np.testing.assert_allclose(history.history["learning_rate"][1:], expected[11::6], rtol=1e-5)
    assert history.history["learning_rate"][0] == pytest.approx(middle, rel=1e-3)
    assert sgdr.cycle_ends == ([1, 5] if not warmup else [2, 6])
    assert float(model.optimizer.learning_rate) == np.float32(0.123)


@pytest.mark.skipif(BACKEND == "torch", reason="Keras has no steps_per_execution on PyTorch")
@pytest.mark.traced
def test_unknown_length_with_several_steps_an_execution():
    model, sgdr = slope_model(steps_per_execution=4), SGDR(0.5, 2, 1)
    model.fit(of_unknown_length(8), epochs=4, callbacks=[sgdr], verbose=0)
    assert sgdr.schedule.first_cycle == 16 and sgdr.cycle_ends == [1, 3]


def test_unknown_length_under_gradient_accumulation():
    optimizer = keras.optimizers.SGD(0.123, gradient_accumulation_steps=2)
    model, recorder = slope_model(optimizer), Weights()
    model.fit(of_unknown_length(6), epochs=4, callbacks=[SGDR(0.5, 2, 1), recorder], verbose=0)
    expected = paper_rates(12, 0.5, 6, 1)
    np.testing.assert_allclose(recorder.rates[1::2][3:], expected[3:], atol=1e-6, rtol=0)


@pytest.mark.parametrize("is_first", [True, False])
def test_snapshots_at_cycle_ends_on_data_of_unknown_length(is_first):
    def train(cycle):
        sgdr = SGDR(0.5, cycle, 1)
        two = [sgdr, SnapshotEnsemble(sgdr)]
        slope_model().fit(
            of_unknown_length(4), epochs=4, verbose=0, callbacks=two[:: 1 if is_first else -1]
        )
        return two[1]

    assert train(2).epochs == [1, 3]
    with pytest.raises(ValueError, match="The cycles do not fit the epochs"):
        train(3)


@pytest.mark.traced
def test_unknown_length_in_a_resumed_run(tmp_path):
    def train(folder, epochs):
        model, callbacks = slope_model(), [SGDR(0.5, 3, 1), Resume(folder)]
        history = model.fit(of_unknown_length(4), epochs=epochs, callbacks=callbacks, verbose=0)
        return weight(model), history.history["learning_rate"]

    whole = train(tmp_path / "whole", 4)
    train(tmp_path / "cut", 1)
    train(tmp_path / "cut", 2)
    assert train(tmp_path / "cut", 4) == whole


def test_too_short_a_cycle_raises_before_the_first_step():
    model = slope_model()
    with pytest.raises(ValueError, match="first_cycle_epochs"):
        model.fit(*ones(4), 1, callbacks=[SGDR(0.5, 0.2)], verbose=0)
    assert weight(model) == 0
    with pytest.raises(ValueError, match="first_cycle_epochs"):  # at the first epoch's end
        model.fit(of_unknown_length(4), epochs=2, callbacks=[SGDR(0.5, 0.2)], verbose=0)


@pytest.mark.parametrize(
    "options, error, named",
    [
        ({"max_learning_rate": 0}, ValueError, "max_learning_rate"),
        ({"max_learning_rate": "0.1"}, TypeError, "max_learning_rate"),
        ({"first_cycle_epochs": 0}, ValueError, "first_cycle_epochs"),
        ({"cycle_multiplier": 0.9}, ValueError, "cycle_multiplier"),
        ({"min_learning_rate": 0.6}, ValueError, "min_learning_rate"),
        ({"warmup_epochs": -1}, ValueError, "warmup_epochs"),
        ({"peak_multiplier": 2}, ValueError, "peak_multiplier"),
    ],
)
def test_bad_input(options, error, named):
    with pytest.raises(error, match=f"{named}.*Received"):
        SGDR(**({"max_learning_rate": 0.5} | options))
