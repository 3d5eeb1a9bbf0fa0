"""DecorrelatedBatchNormalization against a NumPy loop over groups, written from the paper."""

import keras
import numpy as np
import pytest

from kerasrecipes._backend import whitened_batch
from kerasrecipes.layers import DecorrelatedBatchNormalization
from tests.gradients import gradient_of

FLOAT64 = keras.backend.backend() == "tensorflow"
DTYPE = "float64" if FLOAT64 else "float32"
EXACT = {"rtol": 1e-9, "atol": 1e-9} if FLOAT64 else {"rtol": 2e-4, "atol": 2e-5}


def whitening_of(covariance, method, iterations=5):
    if method == "zca":
        values, vectors = np.linalg.eigh(covariance)
        return vectors @ np.diag(1 / np.sqrt(values)) @ vectors.T
    p = np.eye(len(covariance))
    for _ in range(iterations):
        p = (3 * p - p @ p @ p @ covariance / np.trace(covariance)) / 2
    return p / np.sqrt(np.trace(covariance))


class Oracle:
    """The layer with its channels last, in float64, group by group."""

    def __init__(self, layer, channels):
        self.layer = layer
        size = layer.group_size
        self.groups = [slice(a, min(a + size, channels)) for a in range(0, channels, size)]
        self.mean = np.zeros(channels)
        self.whitening = [np.eye(g.stop - g.start) for g in self.groups]
        self.gamma, self.beta = (
            default if weight is None else keras.ops.convert_to_numpy(weight).astype("float64")
            for weight, default in ((layer.gamma, 1.0), (layer.beta, 0.0))
        )

    def __call__(self, x, training):
        x = np.moveaxis(x.astype("float64"), self.layer.axis, -1)
        rows, y = x.reshape(-1, x.shape[-1]), np.zeros((x.size // x.shape[-1], x.shape[-1]))
        keep = self.layer.momentum
        for index, group in enumerate(self.groups):
            mean, whitening = self.mean[group], self.whitening[index]
            if training:
                mean = rows[:, group].mean(axis=0)
                centered = rows[:, group] - mean
                covariance = centered.T @ centered / len(rows)
                covariance += self.layer.epsilon * np.eye(len(mean))
                whitening = whitening_of(covariance, self.layer.method, self.layer.iterations)
                self.mean[group] = keep * self.mean[group] + (1 - keep) * mean
                self.whitening[index] = keep * self.whitening[index] + (1 - keep) * whitening
            y[:, group] = (rows[:, group] - mean) @ whitening
        return np.moveaxis((y * self.gamma + self.beta).reshape(x.shape), -1, self.layer.axis)


def built(shape, **arguments):
    layer = DecorrelatedBatchNormalization(dtype=DTYPE, **arguments)
    layer.build((None, *shape[1:]))
    rng = np.random.default_rng(2)
    for weight in layer.trainable_variables:
        weight.assign(rng.normal(size=weight.shape) + 1)
    return layer


def data(shape, seed=0, axis=-1):
    rng = np.random.default_rng(seed)
    channels = shape[axis]
    mixing = np.eye(channels) + 0.3 * rng.normal(size=(channels, channels))
    x = np.moveaxis(rng.normal(size=shape), axis, -1) @ mixing + rng.normal(size=channels)
    return np.moveaxis(x, -1, axis)


def tensor(x):
    return keras.ops.convert_to_tensor(x, dtype=DTYPE)


def run(layer, x, training):
    return keras.ops.convert_to_numpy(layer(tensor(x), training=training))


CASES = {
    "groups that divide": ((6, 5, 3, 8), {"group_size": 4}),
    "last group smaller": ((6, 5, 3, 7), {"group_size": 3, "momentum": 0.7}),
    "one group, larger than the channels": ((9, 5, 6), {"group_size": 16}),
    "no group: batch normalisation": ((9, 5, 6), {"group_size": 1, "epsilon": 1e-2}),
    "channels first": ((6, 7, 5, 3), {"group_size": 4, "axis": 1}),
    "middle axis, no gamma": ((6, 5, 4, 3), {"group_size": 2, "axis": -2, "scale": False}),
    "dense, no beta": ((40, 9), {"group_size": 4, "center": False}),
    "fewer samples than channels": ((4, 12), {"group_size": 12, "epsilon": 1e-2}),
    "many channels, several products": ((40, 320), {"group_size": 8, "epsilon": 1e-2}),
    "newton": ((6, 5, 3, 7), {"group_size": 3, "method": "newton", "iterations": 7}),
    "newton, float rows": ((50, 8), {"group_size": 5, "method": "newton", "epsilon": 1e-3}),
}


@pytest.mark.parametrize("shape, arguments", CASES.values(), ids=CASES.keys())
def test_two_batches_of_training_then_inference(shape, arguments):
    layer, axis = built(shape, **arguments), arguments.get("axis", -1)
    oracle = Oracle(layer, shape[axis])
    for seed, training in [(0, True), (1, True), (2, False)]:
        x = data(shape, seed, axis)
        np.testing.assert_allclose(run(layer, x, training), oracle(x, training), **EXACT)
    mean, blocks = (keras.ops.convert_to_numpy(w) for w in layer.non_trainable_variables)
    np.testing.assert_allclose(mean, oracle.mean, **EXACT)
    for block, expected in zip(blocks, oracle.whitening):
        np.testing.assert_allclose(block[: len(expected), : len(expected)], expected, **EXACT)


def test_statistics_move_in_training_alone_and_not_when_frozen():
    layer, x = built((6, 4), group_size=2), data((6, 4))
    start = [keras.ops.convert_to_numpy(w).copy() for w in layer.non_trainable_variables]
    run(layer, x, False)
    layer.trainable = False
    frozen = run(layer, x, True)
    for weight, before in zip([layer.moving_mean, layer.moving_whitening], start):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight), before)
    np.testing.assert_array_equal(frozen, run(layer, x, False))


@pytest.mark.parametrize("size", [3, 4])
def test_whitened_outputs_have_the_identity_as_covariance(size):
    layer = DecorrelatedBatchNormalization(size, epsilon=1e-8, dtype=DTYPE)
    y = run(layer, data((50, 4, 4, 7)), True).reshape(-1, 7)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-5)
    covariance = y.T @ y / len(y)
    for start in range(0, 7, size):
        block = covariance[start : start + size, start : start + size]
        np.testing.assert_allclose(block, np.eye(len(block)), atol=1e-4)


def repeated_spectrum(close=0.0):
    """Rows whose covariance has equal eigenvalues, or apart by `close`."""
    basis = np.linalg.qr(np.random.default_rng(4).normal(size=(12, 5)))[0]
    basis -= basis.mean(axis=0)
    basis = np.linalg.qr(basis)[0]
    return basis * np.sqrt(12 * np.array([1.0, 1.0 + close, 1.0, 2.0, 2.0 + close]))


GRADIENTS = {
    "distinct": (data((12, 5)), "zca"),
    "repeated": (repeated_spectrum(), "zca"),
    "close by 1e-9": (repeated_spectrum(1e-9), "zca"),
    "newton": (data((12, 5)), "newton"),
}


@pytest.mark.parametrize("x, method", GRADIENTS.values(), ids=GRADIENTS.keys())
def test_gradient_against_differences(x, method):
    layer = built(x.shape, group_size=3, method=method, epsilon=1e-3)
    upstream = np.random.default_rng(5).normal(size=x.shape)
    ours = gradient_of(lambda x: layer(x, training=True), tensor(x), upstream)
    oracle, step = Oracle(layer, 5), 1e-4
    expected = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        nudge = np.zeros_like(x)
        nudge[index] = step
        # Fourth order: the differences, not the layer, set the tolerance.
        steps = [(1, 8), (-1, -8), (2, -1), (-2, 1)]
        slope = sum(weight * (oracle(x + k * nudge, True) * upstream).sum() for k, weight in steps)
        expected[index] = slope / (12 * step)
    np.testing.assert_allclose(
        ours, expected, rtol=1e-7 if FLOAT64 else 1e-3, atol=1e-8 if FLOAT64 else 1e-3
    )


@pytest.mark.parametrize("group_size", [3, 4])
def test_gradients_of_gamma_and_beta(group_size):
    layer, x = built((6, 5, 3, 8), group_size=group_size), data((6, 5, 3, 8))
    upstream = np.random.default_rng(5).normal(size=x.shape)
    normed = Oracle(layer, 8)
    normed.gamma, normed.beta = 1.0, 0.0
    for weight, along in ((layer.gamma, normed(x, True)), (layer.beta, np.ones(x.shape))):

        def of_weight(value, weight=weight):
            with keras.StatelessScope(state_mapping=[(weight, value)]):
                return layer(tensor(x), training=True)

        found = gradient_of(of_weight, keras.ops.copy(weight), upstream)
        np.testing.assert_allclose(found, (upstream * along).sum(axis=(0, 1, 2)), **EXACT)


def test_pieces_of_the_batch_equal_the_whole(monkeypatch):
    if keras.backend.backend() != "torch":
        pytest.skip("only PyTorch goes piece by piece")
    x, upstream = data((6, 5, 3, 8)), np.random.default_rng(5).normal(size=(6, 5, 3, 8))

    def both():
        layer = built(x.shape, group_size=2)
        gradient = gradient_of(lambda x: layer(x, training=True), tensor(x), upstream)
        return run(layer, x, True), gradient

    whole = both()
    monkeypatch.setattr(whitened_batch, "_CACHED", 7 * 8)  # 90 positions: a smaller piece at last
    for found, expected in zip(both(), whole):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def troubles():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(16, 3, 3, 6))
    dead = x.copy()
    dead[..., 2] = 0
    twins = x.copy()
    twins[..., 1] = twins[..., 0]
    return {
        "constant": np.full_like(x, 3.0),
        "zero": np.zeros_like(x),
        "one sample": rng.normal(size=(1, 1, 1, 6)),
        "two large samples": 1e3 * rng.normal(size=(2, 1, 1, 6)),
        "one dead channel": dead,
        "two equal channels": twins,
        "offset 1e4": x + 1e4,
        "tiny": 1e-6 * x,
        "scales apart": x * 10.0 ** np.arange(-3, 3),
    }


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("method", ["zca", "newton"])
def test_never_nan(method, dtype):
    for name, x in troubles().items():
        layer = DecorrelatedBatchNormalization(3, method=method, dtype=dtype)
        x = keras.ops.cast(keras.ops.convert_to_tensor(x.astype("float32")), layer.compute_dtype)
        layer.build(x.shape)

        def train(x, layer=layer):
            return keras.ops.cast(layer(x, training=True), "float32")

        gradient = gradient_of(train, keras.ops.cast(x, "float32"), np.ones(x.shape))
        for result in (train(x), layer.moving_whitening):
            assert np.isfinite(keras.ops.convert_to_numpy(result)).all(), name
        # After one step of training at 1e4 the right value may be beyond float16, never NaN.
        tested = keras.ops.convert_to_numpy(keras.ops.cast(layer(x, training=False), "float32"))
        assert not np.isnan(tested).any(), name
        assert np.isfinite(gradient).all(), name
        # An eigenvalue that rounding puts below epsilon must not blow its direction up.
        largest = np.abs(keras.ops.convert_to_numpy(layer.moving_whitening)).max()
        assert largest <= 0.81 + 0.1901 / np.sqrt(layer.epsilon), name  # two updates


def test_right_in_float32_far_from_zero():
    x = (data((32, 14, 14, 6)) + 1e4).astype("float32")
    layer = DecorrelatedBatchNormalization(6, dtype="float32")
    layer.build(x.shape)
    y = keras.ops.convert_to_numpy(layer(x, training=True))
    np.testing.assert_allclose(y, Oracle(layer, 6)(x, True), atol=1e-3)


@pytest.mark.parametrize(
    "arguments, error, match",
    [
        ({"group_size": 0}, ValueError, r"`group_size` must be in \[1, inf\)"),
        ({"group_size": 2.0}, TypeError, r"`group_size` must be an integer"),
        ({"momentum": 1.5}, ValueError, r"`momentum` must be in \[0, 1\]"),
        ({"epsilon": 0}, ValueError, r"`epsilon` must be in \(0, inf\)"),
        ({"method": "pca"}, ValueError, "`method` must be one of 'zca', 'newton'"),
        ({"iterations": 11}, ValueError, r"`iterations` must be in \[1, 10\]"),
        ({"axis": 1.0}, TypeError, "`axis` must be an integer"),
        ({"center": 1}, TypeError, "`center` must be True or False"),
        ({"synchronized": "yes"}, TypeError, "`synchronized` must be True or False"),
    ],
)
def test_bad_options(arguments, error, match):
    with pytest.raises(error, match=match + ".*Received"):
        DecorrelatedBatchNormalization(**arguments)


def test_a_batch_of_no_samples():
    layer = DecorrelatedBatchNormalization(2)
    y = layer(np.zeros((0, 4, 4, 8), "float32"), training=True)
    assert tuple(y.shape) == (0, 4, 4, 8)
    for variable in layer.variables:
        assert np.isfinite(keras.ops.convert_to_numpy(variable)).all()


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="PyTorch has a gradient of its own")
def test_a_second_derivative_raises_and_is_never_zero():
    import torch

    layer = DecorrelatedBatchNormalization(2, center=False, scale=False)
    x = torch.randn(12, 4, requires_grad=True)
    loss = (layer(x, training=True) * torch.randn(12, 4)).sum()
    (gradient,) = torch.autograd.grad(loss, x, create_graph=True)
    with pytest.raises(NotImplementedError, match="second derivative"):
        (loss + gradient.square().sum()).backward()
