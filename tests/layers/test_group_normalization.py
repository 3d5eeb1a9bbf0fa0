"""Group and instance normalisation against a NumPy loop, Keras and PyTorch."""

import keras
import numpy as np
import pytest

from kerasrecipes.layers import GroupNormalization, InstanceNormalization
from tests.gradients import gradient_of

FLOAT64 = keras.backend.backend() == "tensorflow"
DTYPE = "float64" if FLOAT64 else "float32"
EXACT = {"rtol": 1e-9, "atol": 1e-9} if FLOAT64 else {"rtol": 1e-5, "atol": 1e-5}


def oracle(x, groups, axis, epsilon, gamma, beta):
    """A loop over samples and groups, in float64."""
    x = np.moveaxis(np.asarray(x, "float64"), axis, -1)
    y, channels = np.zeros(x.shape), x.shape[-1]
    size = 1 if groups == -1 else channels // groups
    for n in range(len(x)):
        for start in range(0, channels, size):
            group = x[n, ..., start : start + size]
            deviation = np.sqrt(((group - group.mean()) ** 2).mean() + epsilon)
            y[n, ..., start : start + size] = (group - group.mean()) / deviation
    return np.moveaxis(y * gamma + beta, -1, axis)


def built(layer, shape):
    layer.build((None, *shape[1:]))
    return shaken(layer)


def shaken(layer):
    rng = np.random.default_rng(2)
    for weight in layer.trainable_variables:
        weight.assign(rng.normal(size=weight.shape) + 1)
    return layer


def expected_of(layer, x, groups):
    gamma, beta = (
        default if weight is None else keras.ops.convert_to_numpy(weight).astype("float64")
        for weight, default in ((layer.gamma, 1.0), (layer.beta, 0.0))
    )
    return oracle(x, groups, layer.axis, layer.epsilon, gamma, beta)


def data(shape, seed=0):
    return 2 + np.random.default_rng(seed).normal(size=shape)


def tensor(x, dtype=DTYPE):
    return keras.ops.convert_to_tensor(x, dtype=dtype)


CASES = {
    "channels last": ((3, 5, 7, 12), {"groups": 4}),
    "channels first": ((3, 12, 5, 7), {"groups": 3, "axis": 1, "epsilon": 1e-3}),
    "middle axis": ((3, 5, 6, 7), {"groups": 2, "axis": -2}),
    "volume": ((2, 3, 4, 5, 6), {"groups": 3}),
    "sequence, no gamma": ((3, 11, 4), {"groups": 2, "scale": False}),
    "dense, no beta": ((5, 12), {"groups": 3, "center": False}),
    "one group": ((3, 5, 7, 6), {"groups": 1}),
    "instance": ((3, 5, 7, 6), {"groups": -1}),
    "one position": ((3, 1, 1, 8), {"groups": 2}),
    "one sample": ((1, 9, 9, 8), {"groups": 4}),
    "no sample": ((0, 4, 4, 8), {"groups": 4}),
}


@pytest.mark.parametrize("shape, arguments", CASES.values(), ids=CASES.keys())
def test_forward_and_gradient(shape, arguments):
    layer, x = built(GroupNormalization(dtype=DTYPE, **arguments), shape), data(shape)
    y = keras.ops.convert_to_numpy(layer(tensor(x)))
    np.testing.assert_allclose(y, expected_of(layer, x, layer.groups), **EXACT)
    if len(x) == 0:
        return
    upstream, step = np.random.default_rng(5).normal(size=shape), 1e-4
    ours = gradient_of(layer, tensor(x), upstream)
    for flat in np.random.default_rng(6).choice(x.size, size=min(12, x.size), replace=False):
        nudge = np.zeros(x.size)
        nudge[flat] = step
        # Fourth order: the differences, not the layer, set the tolerance.
        slope = sum(
            w * (expected_of(layer, x + k * nudge.reshape(shape), layer.groups) * upstream).sum()
            for k, w in [(1, 8), (-1, -8), (2, -1), (-2, 1)]
        ) / (12 * step)
        near = {"rtol": 1e-7, "atol": 1e-8} if FLOAT64 else {"rtol": 1e-3, "atol": 1e-3}
        np.testing.assert_allclose(ours.ravel()[flat], slope, **near)


@pytest.mark.parametrize("axis, shape", [(-1, (3, 6, 5, 4)), (1, (3, 4, 6, 5))])
def test_instance_is_one_group_a_channel(axis, shape):
    layer, x = built(InstanceNormalization(axis=axis, dtype=DTYPE), shape), data(shape)
    expected = expected_of(layer, x, -1)
    for training in (True, False):
        y = keras.ops.convert_to_numpy(layer(tensor(x), training=training))
        np.testing.assert_allclose(y, expected, **EXACT)


@pytest.mark.parametrize("groups, axis", [(3, -1), (6, 1), (-1, -1)])
def test_takes_the_weights_of_keras_and_gives_its_outputs(groups, axis, tmp_path):
    x = data((4, 6, 6, 6)).astype("float32")
    models = []
    for layer in (keras.layers.GroupNormalization, GroupNormalization):
        inputs = keras.Input(x.shape[1:])
        outputs = layer(groups, axis=axis, epsilon=1e-3, name="norm")(inputs)
        models.append(keras.Model(inputs, outputs))
    theirs, ours = models
    shaken(theirs.get_layer("norm"))
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours.load_weights(tmp_path / "theirs.weights.h5")
    expected = keras.ops.convert_to_numpy(theirs(x))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(ours(x)), expected, rtol=1e-5, atol=1e-5)
    ours.set_weights([2 * w for w in theirs.get_weights()])
    theirs.set_weights(ours.get_weights())
    expected = keras.ops.convert_to_numpy(theirs(x))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(ours(x)), expected, rtol=1e-5, atol=1e-5)


def test_gradients_of_all_inputs_equal_pytorchs():
    torch = pytest.importorskip("torch")
    layer, x = (
        built(GroupNormalization(3, axis=1, dtype="float32"), (4, 6, 5, 5)),
        data((4, 6, 5, 5)),
    )
    upstream = np.random.default_rng(1).normal(size=x.shape)
    gamma, beta = (
        torch.tensor(w.astype("float64"), requires_grad=True)
        for w in map(keras.ops.convert_to_numpy, layer.trainable_variables)
    )
    torch_x = torch.tensor(x, requires_grad=True)
    y = torch.nn.functional.group_norm(torch_x, 3, gamma, beta, layer.epsilon)
    y.backward(torch.tensor(upstream))
    ours = gradient_of(layer, tensor(x, "float32"), upstream)
    np.testing.assert_allclose(ours, torch_x.grad.numpy(), rtol=1e-4, atol=1e-5)
    for weight, expected in ((layer.gamma, gamma), (layer.beta, beta)):

        def of_weight(value, weight=weight):
            scope = keras.StatelessScope(state_mapping=[(weight, value)])
            with scope:
                return layer(tensor(x, "float32"))

        ours = gradient_of(of_weight, keras.ops.copy(weight), upstream)
        np.testing.assert_allclose(ours, expected.grad.numpy(), rtol=1e-4, atol=1e-4)


def padded(x):
    """A first eighth that says nothing of the rest."""
    x[:, :2] = 0
    return x


@pytest.mark.parametrize("shape", [(4, 16, 16, 8), (4, 100, 100, 4), (2, 9, 5, 6)])
@pytest.mark.parametrize("change", [lambda x: x, padded], ids=["even", "padded"])
def test_right_in_float32_at_mean_1e4(shape, change):
    x = change(1e4 + np.random.default_rng(3).normal(size=shape)).astype("float32")
    layer = built(GroupNormalization(2, dtype="float32"), shape)
    y = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(y, expected_of(layer, x, 2), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_statistics_are_float32_and_never_nan(dtype):
    wide = np.random.default_rng(0).normal(scale=500, size=(2, 8, 8, 4))  # squares pass float16
    for x in (np.zeros((2, 4, 4, 4)), np.full((2, 4, 4, 4), 3e4), 1e-6 * data((2, 4, 4, 4)), wide):
        layer = built(GroupNormalization(2, dtype=dtype), x.shape)
        half = keras.ops.cast(keras.ops.convert_to_tensor(x, dtype="float32"), layer.compute_dtype)
        x = keras.ops.convert_to_numpy(keras.ops.cast(half, "float32"))
        y = keras.ops.convert_to_numpy(keras.ops.cast(layer(half), "float32"))
        np.testing.assert_allclose(y, expected_of(layer, x, 2), rtol=1e-2, atol=1e-2)


def test_integers_as_inputs_are_refused():
    for layer in (GroupNormalization(2), InstanceNormalization()):
        with pytest.raises(TypeError, match="`inputs` must be of a floating-point.*Received"):
            layer(np.ones((2, 4, 4), "int32"))


@pytest.mark.parametrize(
    "make, shape, error, match",
    [
        (lambda: GroupNormalization(0), None, ValueError, r"`groups` must be in \[1, inf\)"),
        (lambda: GroupNormalization(-2), None, ValueError, r"`groups` must be in \[1, inf\)"),
        (lambda: GroupNormalization(2.0), None, TypeError, "`groups` must be an integer"),
        (lambda: GroupNormalization(-1.0), None, TypeError, "`groups` must be an integer"),
        (lambda: GroupNormalization(epsilon=0), None, ValueError, r"`epsilon` must be in \(0"),
        (lambda: GroupNormalization(axis=(1, 2)), None, TypeError, "`axis` must be an integer"),
        (lambda: GroupNormalization(scale=None), None, TypeError, "`scale` must be True or"),
        (lambda: GroupNormalization(4), (2, 3, 6), ValueError, "`groups` must divide the 6"),
        (lambda: GroupNormalization(32), (2, 3, 8), ValueError, "`groups` must divide the 8"),
        (lambda: GroupNormalization(axis=0), (2, 3, 6), ValueError, "`axis` must not be 0"),
        (lambda: GroupNormalization(axis=3), (2, 3, 6), ValueError, "`axis` must be in"),
        (lambda: GroupNormalization(2), (4,), ValueError, "`inputs` must be of rank 2"),
        (lambda: GroupNormalization(2), (2, None), ValueError, "`axis` must be an axis of known"),
        (lambda: InstanceNormalization(), (2, 6), ValueError, "`inputs` must be of rank 3"),
    ],
)
def test_bad_arguments(make, shape, error, match):
    with pytest.raises(error, match=match + "(.|\n)*Received"):
        make().build(shape)
