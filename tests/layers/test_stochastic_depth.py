"""StochasticDepth: what is dropped, how often, that its work is not done, and the statistics."""

import keras
import numpy as np
import pytest

from kerasrecipes.layers import StochasticDepth, linear_drop_rates
from tests.gradients import gradient_of

BACKEND = keras.backend.backend()
L = keras.layers


def to_numpy(x):
    return keras.ops.convert_to_numpy(x)


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def doubling():
    """A branch that computes 2x: outputs are x where dropped and 3x where kept."""
    return L.Dense(3, use_bias=False, kernel_initializer=keras.initializers.Identity(2.0))


def normalizing():
    return keras.Sequential([L.Dense(3, use_bias=False), L.BatchNormalization(momentum=0.5)])


def kept(layer, x):
    """Which samples the branch was added to; checks that nothing is rescaled."""
    y = to_numpy(layer(x, training=True))
    changed = np.abs(y - x).max(axis=1) > 1e-6
    np.testing.assert_allclose(y, np.where(changed[:, None], 3 * x, x), rtol=1e-5)
    return changed


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.7, 0.95])
@pytest.mark.parametrize("samples", [1, 2, 7, 16])
def test_the_subset_has_the_stated_size(samples, rate):
    layer = StochasticDepth(doubling(), rate, seed=0)
    for _ in range(3):
        assert kept(layer, normal(samples, 3)).sum() == max(1, round((1 - rate) * samples))


@pytest.mark.traced
def test_every_sample_is_kept_equally_often_and_pairs_are_not_tied():
    layer = StochasticDepth(doubling(), 0.5, seed=1)
    draws = np.array([kept(layer, normal(8, 3)) for _ in range(300)])
    assert (np.abs(draws.mean(axis=0) - 0.5) < 0.11).all()  # 4 deviations of 300 draws
    together = (draws[:, :, None] & draws[:, None]).mean(axis=0)[np.triu_indices(8, 1)]
    assert (np.abs(together - 4 * 3 / (8 * 7)) < 0.1).all()


def test_the_gate_is_one_for_the_batch_and_open_as_often_as_stated():
    layer = StochasticDepth(doubling(), 0.3, mode="batch", seed=2)
    draws = np.array([kept(layer, normal(4, 3)) for _ in range(200)])
    assert (draws.all(axis=1) | ~draws.any(axis=1)).all()
    assert abs(draws[:, 0].mean() - 0.7) < 0.13


@pytest.mark.parametrize("mode", ["subset", "batch"])
def test_inference_adds_the_expected_share(mode):
    dtype, tolerance = ("float64", 1e-12) if BACKEND == "tensorflow" else ("float32", 1e-6)
    branch = L.Dense(3, activation="tanh", dtype=dtype)
    layer = StochasticDepth(branch, 0.3, mode=mode, dtype=dtype)
    x = normal(5, 3).astype(dtype)
    y = to_numpy(layer(x))
    expected = x + 0.7 * np.tanh(x @ to_numpy(branch.kernel) + to_numpy(branch.bias))
    np.testing.assert_allclose(y, expected, atol=tolerance)


@pytest.mark.parametrize("mode", ["subset", "batch"])
def test_the_gradient_is_that_of_what_was_computed(mode):
    seen = {}

    def run(x):
        seen["y"] = StochasticDepth(doubling(), 0.5, mode=mode, seed=9)(x, training=True)
        return seen["y"]

    x = normal(6, 3)
    changed = kept(StochasticDepth(doubling(), 0.5, mode=mode, seed=9), x)
    found = gradient_of(run, keras.ops.convert_to_tensor(x), np.ones((6, 3)))
    np.testing.assert_allclose(found, np.where(changed[:, None], 3, np.ones((6, 3))), rtol=1e-6)


class Recorder(keras.layers.Layer):
    """Keeps the shapes it was called with."""

    def __init__(self):
        super().__init__()
        self.shapes = []

    def call(self, x):
        self.shapes.append(tuple(x.shape))
        return 2 * x

    def compute_output_shape(self, input_shape):
        return input_shape


def test_the_branch_sees_the_subset_alone():
    recorder = Recorder()
    layer = StochasticDepth(recorder, 0.75, seed=0)
    layer(normal(16, 3), training=True)
    assert recorder.shapes[-1] == (4, 3)


def test_a_closed_gate_does_no_work():
    layer = StochasticDepth(Recorder(), 0.999999, mode="batch", seed=0)
    layer.build((None, 3))
    layer.branch.shapes.clear()
    x = keras.ops.convert_to_tensor(normal(4, 3))
    if BACKEND == "jax":  # the branch is traced, and its work is inside the condition
        import jax

        dense = StochasticDepth(doubling(), 0.5, mode="batch", seed=0)
        dense.build((None, 3))
        rest = [v.value for v in dense.non_trainable_variables]

        def loss(weights, x):
            return dense.stateless_call(weights, rest, x, training=True)[0].sum()

        weights = [v.value for v in dense.trainable_variables]
        jaxpr = jax.make_jaxpr(jax.grad(loss, argnums=(0, 1)))(weights, x)
        names = [equation.primitive.name for equation in jaxpr.eqns]
        assert names.count("cond") == 2 and "dot_general" not in names
        return
    np.testing.assert_array_equal(to_numpy(layer(x, training=True)), to_numpy(x))
    assert layer.branch.shapes == []


@pytest.mark.skipif(BACKEND != "tensorflow", reason="reads TensorFlow's graph")
def test_a_graph_does_the_work_under_the_gate_alone():
    import tensorflow as tf

    layer = StochasticDepth(doubling(), 0.5, mode="batch", seed=0)
    layer.build((None, 3))

    @tf.function(input_signature=[tf.TensorSpec((None, 3))])
    def step(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(x, training=True))
        return tape.gradient(loss, layer.branch.trainable_variables[0].value)

    kinds = [operation.type for operation in step.get_concrete_function().graph.get_operations()]
    assert "MatMul" not in kinds and sum("If" in kind for kind in kinds) == 2


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.skipif(BACKEND != "tensorflow", reason="only its graphs have unknown batch sizes")
@pytest.mark.parametrize("mode", ["subset", "batch"])
def test_an_unknown_batch_size(mode, jit):
    import tensorflow as tf

    layer = StochasticDepth(doubling(), 0.3, mode=mode, seed=0)
    layer.build((None, 3))
    run = tf.function(
        lambda x: layer(x, training=True),
        input_signature=[tf.TensorSpec((None, 3))],
        jit_compile=jit,
    )
    for samples in (1, 5, 12):
        x = normal(samples, 3)
        changed = np.abs(run(x).numpy() - x).max(axis=1) > 1e-6
        assert changed.sum() in (
            {max(1, round(0.7 * samples))} if mode == "subset" else {0, samples}
        )


def test_statistics_are_those_of_the_subset():
    layer = StochasticDepth(normalizing(), 0.5, seed=3)
    x = normal(8, 3)
    y = to_numpy(layer(x, training=True))
    used = x[np.abs(y - x).max(axis=1) > 1e-6] @ to_numpy(layer.branch.layers[0].kernel)
    assert len(used) == 4
    normalization = layer.branch.layers[1]
    np.testing.assert_allclose(to_numpy(normalization.moving_mean), used.mean(0) / 2, atol=1e-5)
    expected = 0.5 + used.var(0) / 2
    np.testing.assert_allclose(to_numpy(normalization.moving_variance), expected, atol=1e-5)


@pytest.mark.parametrize("rate, moves", [(0.999999, False), (0.000001, True)])
def test_statistics_stay_put_in_fit_while_the_gate_is_closed(rate, moves):
    layer = StochasticDepth(normalizing(), rate, mode="batch", seed=0)
    model = keras.Sequential([keras.Input((3,)), layer, L.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=BACKEND == "jax")
    before = [to_numpy(v) for v in layer.branch.variables]
    model.fit(normal(10, 3), normal(10, 1), batch_size=4, epochs=2, verbose=0)
    for value, variable in zip(before, layer.branch.variables):
        same = np.array_equal(value, to_numpy(variable))
        assert same != moves, variable.path


@pytest.mark.filterwarnings("error:Gradients do not exist")
def test_weights_behind_a_closed_gate_have_zero_gradients_that_the_optimizer_sees():
    layer = StochasticDepth(doubling(), 0.999999, mode="batch", seed=0)
    model = keras.Sequential([keras.Input((3,)), layer, L.Dense(1)])
    model.compile(keras.optimizers.SGD(1.0, momentum=0.5), "mse", jit_compile=BACKEND == "jax")
    kernel = layer.branch.kernel
    model.optimizer.build(model.trainable_variables)
    momentum = next(v for v in model.optimizer.variables if tuple(v.shape) == (3, 3))
    momentum.assign(np.full((3, 3), -1.0))
    before = to_numpy(kernel)
    model.train_on_batch(normal(4, 3), normal(4, 1))
    np.testing.assert_allclose(to_numpy(kernel), before - 0.5, rtol=1e-6)
    np.testing.assert_allclose(to_numpy(momentum), np.full((3, 3), -0.5))


def test_losses_of_the_branch_are_counted_when_it_runs():
    for rate, expected in ((0.000001, 1.0), (0.999999, 0.0)):
        branch = L.Dense(3, activity_regularizer=keras.regularizers.L2(0.1))
        layer = StochasticDepth(branch, rate, mode="batch", seed=0)
        x = normal(4, 3)
        layer(x, training=True)
        loss = float(sum(layer.losses)) if layer.losses else 0.0
        y = x @ to_numpy(branch.kernel)
        assert loss == pytest.approx(expected * 0.1 * (y**2).sum() / 4, rel=1e-4)


@pytest.mark.parametrize("mode", ["subset", "batch"])
def test_a_branch_with_a_shortcut_saves_and_loads(mode, tmp_path):
    inputs = keras.Input((8, 8, 3))
    x = L.BatchNormalization()(L.Conv2D(5, 3, strides=2, padding="same")(inputs))
    branch = keras.Model(inputs, keras.Sequential([L.ReLU(), L.Dropout(0.1)])(x))
    shortcut = keras.Sequential([L.Conv2D(5, 1, strides=2), L.BatchNormalization()])
    layer = StochasticDepth(branch, 0.5, mode=mode, shortcut=shortcut, seed=0)
    before = layer.get_config()
    model = keras.Sequential([keras.Input((8, 8, 3)), layer, L.Flatten(), L.Dense(2)])
    assert layer.get_config() == before
    model.compile("sgd", "mse", jit_compile=BACKEND == "jax")
    x = normal(6, 8, 8, 3)
    model.fit(x, normal(6, 2), batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(to_numpy(loaded(x)), to_numpy(model(x)))
    assert loaded.layers[0].compute_output_shape((None, 8, 8, 3)) == (None, 4, 4, 5)


def test_a_branch_that_changes_the_shape_is_refused():
    with pytest.raises(ValueError, match=r"`branch` must return the shape \(3,\)"):
        StochasticDepth(L.Dense(4), 0.5).build((None, 3))


def test_the_linear_rule():
    rates = linear_drop_rates(54, 0.5)
    np.testing.assert_allclose(rates, [block / 54 * 0.5 for block in range(1, 55)])
    assert linear_drop_rates(1, 0.0) == [0.0]


@pytest.mark.parametrize("arguments", [(0.2,), (0.2, 0.5)])
def test_a_rate_alone_is_told_of_drop_path(arguments):
    with pytest.raises(TypeError, match=r"use DropPath\(rate\)"):
        StochasticDepth(*arguments)
