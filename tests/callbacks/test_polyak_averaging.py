import functools

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import PolyakAveraging
from tests.callbacks.small_fit import (
    STEPS,
    VALIDATION,
    assert_close,
    assert_same,
    fit,
    small_model,
    values,
)

ON_TORCH = keras.backend.backend() == "torch"


class Record(keras.callbacks.Callback):
    """Keep the model's weights as every callback sees them."""

    def __init__(self):
        super().__init__()
        self.after_batch, self.after_epoch, self.in_validation = [], [], []

    def on_train_batch_end(self, batch, logs=None):
        self.after_batch.append(values(self.model.weights))

    def on_epoch_end(self, epoch, logs=None):
        self.after_epoch.append(values(self.model.weights))

    def on_test_begin(self, logs=None):
        self.in_validation.append(values(self.model.weights))


def optimizer(accumulation=None):
    return keras.optimizers.SGD(0.5, momentum=0.9, gradient_accumulation_steps=accumulation)


@functools.cache
def raw_history(epochs=3, accumulation=None, **options):
    """Return the weights at the beginning and after each step of a training without averaging."""
    model = small_model(optimizer=optimizer(accumulation), **options)
    record = Record()
    start = values(model.weights)
    fit(model, epochs, [record], validation=False)
    return [start, *record.after_batch]


def averaged(history, decay, warmup, start_step=0, group=1):
    """The formula of the docstring in a float64 loop: the average after each step."""
    average = [weight.astype("float64") for weight in history[0]]
    result = []
    for step, weights in enumerate(history[1:], start=1):
        if step % group == 0:
            t = step // group - 1 - start_step
            d = min(decay, (1 + t) / (10 + t)) if warmup else decay
            d = d if t >= 0 else 0.0
            average = [d * a + (1 - d) * w for a, w in zip(average, weights)]
        result.append(average)
    return result


CASES = [
    {},
    {"decay": 0.6, "warmup": False},
    {"decay": 0.9, "start_step": 4},
    pytest.param({"decay": 0.0}, marks=pytest.mark.slow),
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.traced
def test_average_is_the_formula_after_every_step_for_whoever_looks(case):
    expected = averaged(raw_history(), **{"decay": 0.999, "warmup": True, **case})
    record = Record()
    model = small_model(optimizer=optimizer())
    fit(model, 3, [record, PolyakAveraging(**case)])
    for seen, average in zip(record.after_batch, expected, strict=True):
        assert_close(seen, average)
    assert_close(values(model.weights), expected[-1])
    assert_same(record.after_epoch[-1], values(model.weights))
    assert_same(record.after_epoch[0], record.in_validation[0])


@pytest.mark.parametrize("jit_compile", [pytest.param(False, marks=pytest.mark.slow), True])
@pytest.mark.traced
def test_raw_weights_train_on(jit_compile):
    if ON_TORCH and jit_compile:
        pytest.skip("torch.compile needs a C++ compiler and minutes")
    raw = raw_history(jit_compile=jit_compile)
    averaging = PolyakAveraging(0.9)
    model = small_model(optimizer=optimizer(), jit_compile=jit_compile)
    history = fit(model, 3, [averaging])
    plain = fit(small_model(optimizer=optimizer(), jit_compile=jit_compile), 3)
    assert_close([history.history["loss"]], [plain.history["loss"]])
    assert_close(values(model.weights), averaged(raw, 0.9, True)[-1])


@pytest.mark.skipif(ON_TORCH, reason="PyTorch has one step an execution")
@pytest.mark.parametrize("size", [4, pytest.param(8, marks=pytest.mark.slow)])
@pytest.mark.traced
def test_every_step_of_an_execution_counts(size):
    expected = averaged(raw_history(), 0.9, True)
    model = small_model(optimizer=optimizer(), steps_per_execution=size)
    fit(model, 3, [PolyakAveraging(0.9)], validation=False)
    assert_close(values(model.weights), expected[-1])


@pytest.mark.traced
def test_one_update_for_each_group_of_accumulated_gradients():
    expected = averaged(raw_history(accumulation=3), 0.9, True, group=3)
    model = small_model(optimizer=optimizer(3))
    fit(model, 3, [PolyakAveraging(0.9, include_statistics=False)], validation=False)
    for variable, average in zip(model.weights, expected[-1]):
        if variable.trainable:
            np.testing.assert_allclose(values([variable])[0], average, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("count", [1, 20])
@pytest.mark.traced
def test_a_count_of_updates_that_a_callback_sets_is_that_of_the_formula(count):
    class SetCount(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 2:
                self.model.optimizer.iterations.assign(count)

    class Raw(Record):
        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch)
            raw.append(average.raw_weights())

    raw, average, record = [], PolyakAveraging(0.8), Raw()
    model = small_model(optimizer=optimizer())
    start = values(model.weights)
    fit(model, 1, [record, average, SetCount()], validation=False)
    expected = start
    for step, (weights, seen) in enumerate(zip(raw, record.after_batch, strict=True)):
        t = step if step < 2 else count + step - 2
        decay = min(0.8, (1 + t) / (10 + t))
        expected = [decay * e + (1 - decay) * w for e, w in zip(expected, weights)]
        assert_close(seen, expected)


@pytest.mark.traced
def test_statistics_are_averaged_only_if_asked():
    raw = raw_history()
    model = small_model(optimizer=optimizer())
    fit(model, 3, [PolyakAveraging(0.9, include_statistics=False)])
    expected = averaged(raw, 0.9, True)[-1]
    for variable, average, last in zip(model.weights, expected, raw[-1], strict=True):
        wanted = average if variable.trainable else last
        np.testing.assert_allclose(values([variable])[0], wanted, rtol=2e-5, atol=2e-6)


@pytest.mark.traced
def test_second_fit_goes_on_from_the_raw_weights():
    raw = raw_history(6)
    averaging = PolyakAveraging(0.9)
    model = small_model(optimizer=optimizer())
    fit(model, 3, [averaging], validation=False)
    fit(model, 3, [averaging], validation=False)
    assert_close(values(model.weights), averaged(raw[3 * STEPS :], 0.9, True)[-1])


@pytest.mark.traced
def test_second_fit_takes_weights_that_were_loaded_in_between():
    averaging = PolyakAveraging(0.9)
    model = small_model(optimizer=keras.optimizers.SGD(1e-9))
    fit(model, 1, [averaging])
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    fit(model, 1, [averaging])
    np.testing.assert_allclose(values(model.weights)[0], 0, atol=1e-7)


@pytest.mark.parametrize("end", ["on_train_batch_begin", "on_train_batch_end"])
@pytest.mark.parametrize("again", ["nothing", "another", "the same"])
@pytest.mark.traced
def test_a_fit_after_one_that_failed(end, again):
    def fail(batch, logs=None):
        if batch == 2:
            raise KeyError("stop")

    failed, model = PolyakAveraging(0.9), small_model(optimizer=optimizer())
    stop = keras.callbacks.LambdaCallback(**{end: fail})
    with pytest.raises(KeyError):
        fit(model, 1, [failed, stop])
    twin = small_model(optimizer=optimizer())
    for variable, value in zip(twin.variables, values(model.variables), strict=True):
        variable.assign(value)
    if again == "the same":
        twin.set_weights(failed.raw_weights())
    twin.optimizer.build(twin.trainable_variables)
    for variable, value in zip(twin.optimizer.variables, values(model.optimizer.variables)):
        variable.assign(value)
    averages = {"nothing": [], "another": [PolyakAveraging(0.8)], "the same": [failed]}[again]
    fit(model, 1, averages)
    fit(
        twin, 1, [] if again == "nothing" else [PolyakAveraging(0.8 if again == "another" else 0.9)]
    )
    assert_close(values(model.weights), values(twin.weights))
    fit(model, 1, [failed])  # which has left the model


@pytest.mark.traced
def test_survives_freezing_and_recompiling():
    averaging = PolyakAveraging(0.9)
    model = small_model(optimizer=optimizer())
    fit(model, 1, [averaging])
    model.layers[0].trainable = False
    model.compile(optimizer(), model.loss, metrics=["accuracy"])
    record = Record()
    fit(model, 2, [averaging, record])
    frozen = [step[0] for step in record.after_batch]
    assert_same(frozen, frozen[:1] * len(frozen))


@pytest.mark.parametrize(
    "policy",
    ["mixed_float16", pytest.param("mixed_bfloat16", marks=pytest.mark.slow), "bfloat16"],
)
@pytest.mark.traced
def test_averages_are_kept_in_float32(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = small_model(optimizer=optimizer())
        averaging = PolyakAveraging(0.999, warmup=False)
        start = values(model.weights)
        fit(model, 2, [averaging])
    finally:
        keras.config.set_dtype_policy("float32")
    _, averages = averaging._left
    assert {average.dtype.name for average in averages} == {"float32"}
    moved = np.abs(averages[0] - start[0].astype("float32")).max()
    assert 0 < moved < 0.1


@pytest.mark.traced
def test_saved_file_holds_the_averages(tmp_path):
    model = small_model(optimizer=optimizer())
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "model.keras")
    fit(model, 2, [checkpoint, PolyakAveraging(0.9)], validation=False)
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert_same(values(loaded.weights), values(model.weights))
    score = model.evaluate(*VALIDATION, verbose=0)
    assert loaded.evaluate(*VALIDATION, verbose=0) == pytest.approx(score)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others build before fit")
@pytest.mark.traced
def test_model_that_is_built_by_its_data():
    def build():
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.layers.Dense(3)])
        model.compile(
            keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        )
        return model

    model, record, plain = build(), Record(), build()
    fit(plain, 2, [record])
    fit(model, 2, [PolyakAveraging(0.5, warmup=False)])
    start = build()
    start.build((None, 4))
    history = [values(start.weights), *record.after_batch]
    assert_close(values(model.weights), averaged(history, 0.5, False)[-1])


BAD = [
    ({"decay": 1.0}, ValueError),
    ({"decay": -0.1}, ValueError),
    ({"decay": "high"}, TypeError),
    ({"warmup": 1}, TypeError),
    ({"include_statistics": None}, TypeError),
    ({"start_step": -1}, ValueError),
    ({"start_step": 0.5}, TypeError),
]


@pytest.mark.parametrize("options, error", BAD, ids=str)
def test_bad_input(options, error):
    with pytest.raises(error, match=f"`{next(iter(options))}`.*Received"):
        PolyakAveraging(**options)


def test_optimizer_that_averages_by_itself_is_refused():
    model = small_model(optimizer=keras.optimizers.SGD(use_ema=True))
    with pytest.raises(ValueError, match="use_ema"):
        fit(model, 1, [PolyakAveraging()])
