"""One contract for every public layer, over the table in `contract_table.py`."""

import inspect

import keras
import numpy as np
import pytest

from kerasrecipes import layers
from tests.layers.contract_table import ROWS, class_name
from tests.layers.running import BACKEND, gradients, model_of, policy, run, run_jitted, to_numpy

EVERY_ROW = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
DRAWING = {key: row for key, row in ROWS.items() if row.draws}
ZERO_RATE = {key: row for key, row in ROWS.items() if row.rate_zero is not None}


def test_the_table_lists_every_public_layer():
    public = {
        name
        for name in layers.__all__
        if inspect.isclass(getattr(layers, name))
        and issubclass(getattr(layers, name), keras.layers.Layer)
    }
    assert {class_name(key) for key in ROWS} == public


def test_the_table_says_who_draws_and_who_has_a_rate():
    for key, row in ROWS.items():
        has_rate = "rate" in inspect.signature(getattr(layers, class_name(key)).__init__).parameters
        assert not has_rate or (row.draws and row.rate_zero is not None), key


@EVERY_ROW
def test_the_config_is_the_same_before_and_after_build_and_of_a_copy(row):
    layer = row.make()
    before = layer.get_config()
    copy = type(layer).from_config(before)
    if row.prepare is not None:
        row.prepare(layer)
    layer(keras.ops.convert_to_tensor(row.inputs(row.shape)))
    assert layer.get_config() == before
    assert copy.get_config() == before


@EVERY_ROW
def test_a_saved_model_loads_without_custom_objects_and_gives_equal_outputs(row, tmp_path):
    model, x = model_of(row), row.inputs(row.shape)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(run(loaded, x, False), run(model, x, False))
    assert [w.name for w in loaded.variables] == [w.name for w in model.variables]


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@EVERY_ROW
@(pytest.mark.slow if BACKEND == "torch" else lambda test: test)  # minutes of tracing there
def test_jitted_equals_eager(row, training):
    x = row.inputs(row.shape)
    eager = run(model_of(row), x, training)
    jitted = run_jitted(model_of(row), x, training)
    if training and row.draws and keras.backend.backend() == "tensorflow":
        # XLA draws other numbers from the same seed.
        assert jitted.shape == eager.shape and np.isfinite(jitted).all()
        return
    np.testing.assert_allclose(jitted, eager, rtol=1e-4, atol=1e-4)


@EVERY_ROW
def test_the_symbolic_shape_is_the_real_one_and_the_batch_is_free(row):
    model = model_of(row)
    assert model.output_shape[0] is None
    x = row.inputs(row.shape)
    for batch in (1, len(x)):
        y = model(keras.ops.convert_to_tensor(x[:batch]), training=True)
        assert tuple(y.shape) == (batch, *model.output_shape[1:])
        assert np.isfinite(to_numpy(y)).all()


@pytest.mark.parametrize("name, coarser", [("mixed_float16", 1), ("mixed_bfloat16", 8)])
@EVERY_ROW
def test_mixed_precision_is_finite_and_close(row, name, coarser):
    x = row.inputs(row.shape)
    exact = run(model_of(row), x, False)
    with policy(name):
        model = model_of(row)
        half = run(model, x, False)
        trained = run(model, x, True)
        assert model.compute_dtype == name.removeprefix("mixed_")
        assert keras.backend.standardize_dtype(model.outputs[0].dtype) == model.compute_dtype
    scale = max(1.0, np.abs(exact).max())
    assert np.isfinite(trained).all()
    np.testing.assert_allclose(half, exact, atol=row.half * coarser * scale)


@EVERY_ROW
def test_a_gradient_reaches_every_trainable_weight(row):
    model = model_of(row)
    by_weights = gradients(model, row.inputs(row.shape))
    assert len(by_weights) == len(model.trainable_variables)
    for weight, gradient in zip(model.trainable_variables, by_weights):
        assert gradient.shape == tuple(weight.shape)
        assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0, weight.path


@EVERY_ROW
def test_inference_is_deterministic(row):
    model, x = model_of(row), row.inputs(row.shape)
    first = run(model, x, False)
    run(model, x, True) if row.draws else None
    again = first if not row.draws else run(model_of(row), x, False)
    np.testing.assert_array_equal(run(model, x, False), first)
    np.testing.assert_array_equal(again, first)


@EVERY_ROW
def test_the_same_seed_gives_the_same_result(row):
    x = row.inputs(row.shape)
    one, other = model_of(row), model_of(row)
    for _ in range(2):
        np.testing.assert_array_equal(run(one, x, True), run(other, x, True))


@pytest.mark.parametrize("row", DRAWING.values(), ids=DRAWING.keys())
def test_each_step_draws_anew(row):
    model, x = model_of(row), row.inputs(row.shape)
    draws = [run(model, x, True) for _ in range(6)]
    assert any(not np.array_equal(draws[0], draw) for draw in draws[1:])


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("row", ZERO_RATE.values(), ids=ZERO_RATE.keys())
def test_a_rate_of_zero_is_the_plain_layer(row, training):
    keras.utils.set_random_seed(0)
    layer, plain = row.rate_zero()
    x = keras.ops.convert_to_tensor(row.inputs(row.shape))
    y = to_numpy(layer(x, training=training))
    np.testing.assert_allclose(y, to_numpy(plain(layer, x)), rtol=1e-5, atol=1e-6)
