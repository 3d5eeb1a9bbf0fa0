"""Masks of steps: they pass through, and masked steps stay out of statistics."""

import keras
import numpy as np
import pytest

from kerasrecipes import layers

L = keras.layers
RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 5, 3)).astype("float32")
MASK = np.array([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0], [1, 1, 1, 1, 1], [1, 1, 0, 1, 0]], bool)
POLICIES = ["float32", "mixed_bfloat16"]


def to_numpy(x):
    return keras.ops.convert_to_numpy(x)


def masked(x, mask):
    """The tensor as a `Masking` layer returns it: steps that are all 0 are masked."""
    return L.Masking()(np.where(mask[..., None], x, 0).astype("float32"))


class Recorder(L.Layer):
    """Keeps the mask that reaches it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.masks = []

    def call(self, x, mask=None):
        self.masks.append(None if mask is None else to_numpy(mask))
        return x

    def compute_output_shape(self, input_shape):
        return input_shape


PASSING = {
    "DropConnectDense": lambda: layers.DropConnectDense(4),
    "DropConnect": lambda: layers.DropConnect(L.Dense(4)),
    "StochasticDepth": lambda: layers.StochasticDepth(L.Dense(3), 0.5),
    "StochasticDepth of a batch": lambda: layers.StochasticDepth(L.Dense(3), 0.5, "batch"),
    "DecorrelatedBatchNormalization": lambda: layers.DecorrelatedBatchNormalization(),
    "GhostBatchNormalization": lambda: layers.GhostBatchNormalization(3),
    "GroupNormalization": lambda: layers.GroupNormalization(1),
    "TemperatureScaling": lambda: layers.TemperatureScaling(2.0, from_logits=True),
    "Whitening": lambda: layers.Whitening(),
    "PixelScaling": lambda: layers.PixelScaling(),
    "Maxout": lambda: layers.Maxout(4),
    "DropPath": lambda: layers.DropPath(0.5),
}


@pytest.mark.filterwarnings("ignore:.*no effect before:UserWarning")
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("make", PASSING.values(), ids=PASSING.keys())
def test_the_mask_reaches_the_next_layer(make, training, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        recorder = Recorder()
        recorder(make()(masked(X, MASK), training=training))
    finally:
        keras.config.set_dtype_policy(before)
    np.testing.assert_array_equal(recorder.masks[0], MASK)


def test_drop_connect_of_an_embedding_gives_its_mask():
    layer = layers.DropConnect(L.Embedding(9, 4, mask_zero=True), 0.5)
    recorder = Recorder()
    recorder(layer(np.array([[3, 1, 0, 0]]), training=True))
    np.testing.assert_array_equal(recorder.masks[0], [[True, True, False, False]])


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("mode", ["subset", "batch"])
def test_the_branch_of_stochastic_depth_is_called_with_the_mask_of_its_samples(mode, policy):
    branch = Recorder(dtype=policy)
    layer = layers.StochasticDepth(branch, 0.5, mode=mode, seed=3, dtype=policy)
    x = masked(X, MASK)
    layer(x)
    np.testing.assert_array_equal(branch.masks[-1], MASK)
    if mode == "subset":
        y = to_numpy(keras.ops.cast(layer(x, training=True), "float32"))
        base = to_numpy(keras.ops.cast(keras.ops.cast(x, layer.compute_dtype), "float32"))
        kept = [i for i in range(4) if not np.array_equal(y[i], base[i])]
        assert len(kept) == 2
        assert sorted(map(tuple, branch.masks[-1])) == sorted(map(tuple, MASK[kept]))


def whitened(rows, epsilon):
    """Float64, straight from the definition."""
    mean = rows.mean(axis=0)
    covariance = (rows - mean).T @ (rows - mean) / len(rows) + epsilon * np.eye(rows.shape[1])
    values, vectors = np.linalg.eigh(covariance)
    return mean, (vectors / np.sqrt(values)) @ vectors.T


@pytest.mark.parametrize(
    "shape, axis, group_size",
    [((4, 5, 3), -1, 3), ((4, 5, 2, 4), -1, 2), ((4, 5, 3, 2), 2, 3), ((4, 5, 70), -1, 7)],
)
def test_masked_steps_are_no_part_of_the_statistics(shape, axis, group_size):
    """The masked steps hold numbers that would spoil any statistic they entered."""
    x = RNG.normal(2.0, 1.5, size=shape).astype("float32")
    x[~MASK] = 1e6
    layer = layers.DecorrelatedBatchNormalization(group_size, axis, momentum=0.75, epsilon=1e-3)
    y = np.moveaxis(to_numpy(layer(x, training=True, mask=MASK)), axis, -1)
    rows = np.moveaxis(x, axis, -1)[MASK].reshape(-1, shape[axis]).astype("float64")
    expected, moving = np.empty_like(rows), []
    for start in range(0, shape[axis], group_size):
        group = slice(start, start + group_size)
        mean, matrix = whitened(rows[:, group], 1e-3)
        expected[:, group] = (rows[:, group] - mean) @ matrix
        moving.append(0.75 * np.eye(group_size) + 0.25 * matrix)
    np.testing.assert_allclose(y[MASK].reshape(rows.shape), expected, rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose(
        to_numpy(layer.moving_mean), 0.25 * rows.mean(axis=0), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(to_numpy(layer.moving_whitening), moving, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("shape, axis", [((4, 5, 3), -1), ((4, 5, 2, 3), -1), ((4, 5, 3, 2), 2)])
def test_masked_steps_are_no_part_of_a_ghost_batch(shape, axis, size):
    """The last part of size 3 is one example of which a step is masked."""
    x = RNG.normal(2.0, 1.5, size=shape).astype("float32")
    x[~MASK] = 1e6
    layer = layers.GhostBatchNormalization(size, axis, momentum=0.75, epsilon=1e-3)
    y = np.moveaxis(to_numpy(layer(x, training=True, mask=MASK)), axis, -1)
    last, moments = np.moveaxis(x, axis, -1).astype("float64"), []
    for start in range(0, 4, size):
        part = slice(start, start + size)
        rows = last[part][MASK[part]].reshape(-1, 3)
        mean, variance = rows.mean(axis=0), rows.var(axis=0)
        moments.append((mean, variance))
        expected = (rows - mean) / np.sqrt(variance + 1e-3)
        found = y[part][MASK[part]].reshape(rows.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    mean, variance = np.mean(moments, axis=0)
    np.testing.assert_allclose(to_numpy(layer.moving_mean), 0.25 * mean, rtol=1e-4, atol=1e-5)
    moved = 0.75 + 0.25 * variance
    np.testing.assert_allclose(to_numpy(layer.moving_variance), moved, rtol=1e-4)


def test_a_ghost_batch_that_is_masked_completely_moves_no_average():
    layer, same = (layers.GhostBatchNormalization(2, momentum=0.75) for _ in range(2))
    y = to_numpy(layer(X, training=True, mask=np.repeat(MASK[:, :1] & [[1], [1], [0], [0]], 5, 1)))
    same(X[:2], training=True)
    assert np.isfinite(y).all()
    for one, another in zip(layer.get_weights(), same.get_weights()):
        np.testing.assert_allclose(one, another, rtol=1e-6)
    before = layer.get_weights()
    layer(X, training=True, mask=np.zeros((4, 5), bool))
    for one, another in zip(layer.get_weights(), before):
        np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize("method", ["zca", "newton"])
def test_a_mask_of_ones_changes_nothing_and_one_of_zeros_moves_no_average(method):
    plain, other = (
        layers.DecorrelatedBatchNormalization(3, method=method, epsilon=1e-2) for _ in range(2)
    )
    expected = to_numpy(plain(X, training=True))
    found = to_numpy(other(X, training=True, mask=np.ones((4, 5), bool)))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    before = other.get_weights()
    y = to_numpy(other(X, training=True, mask=np.zeros((4, 5), bool)))
    assert np.isfinite(y).all()
    for one, another in zip(other.get_weights(), before):
        np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize(
    "make", [layers.DecorrelatedBatchNormalization, layers.GhostBatchNormalization]
)
def test_an_empty_batch_moves_no_average(make):
    layer = make()
    layer(X, training=True)
    before = layer.get_weights()
    assert layer(X[:0], training=True).shape == (0, 5, 3)
    for one, another in zip(layer.get_weights(), before):
        np.testing.assert_array_equal(one, another)


def test_the_gradient_through_masked_statistics():
    """Against central differences in float64 of the formula, masked steps included."""
    from kerasrecipes._backend.gradient import gradients_of

    direction = RNG.normal(size=X.shape)

    def formula(x):
        mean, matrix = whitened(x[MASK], 1e-1)
        return (((x - mean) @ matrix) * direction).sum()

    layer = layers.DecorrelatedBatchNormalization(3, epsilon=1e-1)
    layer.build(X.shape)

    def loss(x):
        y = layer(x, training=True, mask=keras.ops.convert_to_tensor(MASK))
        return keras.ops.sum(y * keras.ops.convert_to_tensor(direction, "float32")), y

    if keras.backend.backend() == "jax":
        import jax

        def stateless(x):
            variables = [v.value for v in layer.non_trainable_variables]
            weights = [v.value for v in layer.trainable_variables]
            y, _ = layer.stateless_call(
                weights, variables, x, training=True, mask=keras.ops.convert_to_tensor(MASK)
            )
            return keras.ops.sum(y * keras.ops.convert_to_tensor(direction, "float32"))

        gradient = jax.grad(stateless)(keras.ops.convert_to_tensor(X))
    else:
        _, (gradient,) = gradients_of(loss, [keras.ops.convert_to_tensor(X)])
    step, x = 1e-5, X.astype("float64")
    expected = np.empty_like(x)
    for place in np.ndindex(x.shape):
        moved = x.copy()
        moved[place] += step
        upper = formula(moved)
        moved[place] -= 2 * step
        expected[place] = (upper - formula(moved)) / (2 * step)
    np.testing.assert_allclose(to_numpy(gradient), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "make", [layers.DecorrelatedBatchNormalization, layers.GhostBatchNormalization]
)
def test_a_mask_with_too_many_axes_is_refused(make):
    with pytest.raises(ValueError, match="`mask` must have at most 2 axes"):
        make()(X, training=True, mask=X > 0)
