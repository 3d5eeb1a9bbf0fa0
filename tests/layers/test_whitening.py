"""Whitening against NumPy's covariance and eigenvectors."""

import keras
import numpy as np
import pytest

from kerasrecipes.layers import Whitening

FLOAT64 = keras.backend.backend() == "tensorflow"
DTYPE = "float64" if FLOAT64 else "float32"
ATOL = 1e-9 if FLOAT64 else 2e-5


def data(shape=(200, 5), seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape) @ rng.normal(size=(shape[-1], shape[-1])) + rng.normal(
        size=shape[-1]
    )


def adapted(x, *arguments, **options):
    layer = Whitening(*arguments, dtype=DTYPE, **options)
    layer.adapt(x)
    return layer


def run(layer, x):
    return keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(x, dtype=DTYPE)))


def test_each_method_elementwise():
    x, epsilon = data(), 0.1
    centered = x - x.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(x.T, bias=True))
    scale = 1 / np.sqrt(values + epsilon)
    np.testing.assert_allclose(run(adapted(x, "center"), x), centered, atol=ATOL)
    zca = centered @ (vectors * scale) @ vectors.T
    np.testing.assert_allclose(run(adapted(x, "zca", epsilon), x), zca, atol=ATOL)
    for method, factor in (("decorrelate", 1.0), ("pca", scale)):
        # Components by falling variance; the sign of an axis is free.
        expected = (centered @ (vectors * factor))[:, ::-1]
        ours = run(adapted(x, method, epsilon), x)
        signs = np.sign((ours * expected).sum(axis=0))
        np.testing.assert_allclose(ours * signs, expected, atol=ATOL)


@pytest.mark.parametrize("method", ["pca", "zca"])
def test_the_covariance_becomes_the_identity(method):
    x = data()
    y = run(adapted(x, method, 1e-12), x)
    np.testing.assert_allclose(np.cov(y.T, bias=True), np.eye(5), atol=1e-4)


def test_axes_are_features_and_the_rest_positions():
    x = data((30, 2, 3, 4))
    rows = x.reshape(-1, 4)
    layer = adapted(x, "zca", 0.1)
    expected = run(adapted(rows, "zca", 0.1), rows).reshape(x.shape)
    np.testing.assert_allclose(run(layer, x), expected, atol=ATOL)
    flat = x.reshape(30, 24)
    expected = run(adapted(flat, "zca", 0.1), flat).reshape(x.shape)
    np.testing.assert_allclose(run(adapted(x, "zca", 0.1, axis=(1, 2, 3)), x), expected, atol=ATOL)
    first = np.moveaxis(x, -1, 1)
    expected = np.moveaxis(run(layer, x), -1, 1)
    np.testing.assert_allclose(run(adapted(first, "zca", 0.1, axis=1), first), expected, atol=ATOL)


def test_batches_of_any_size_give_the_statistics_of_the_whole():
    x = data() + 1e4
    whole = adapted(x, "zca")
    parts = adapted(iter(np.split(x, [1, 7, 7, 150])), "zca")
    np.testing.assert_allclose(parts.get_weights()[1], whole.get_weights()[1], rtol=1e-6)
    few = Whitening("center", dtype=DTYPE)
    few.adapt(x, batch_size=10, steps=3)
    np.testing.assert_allclose(few.get_weights()[0], x[:30].mean(axis=0), rtol=1e-6)
    few.adapt(x)
    np.testing.assert_allclose(few.get_weights()[0], x.mean(axis=0), rtol=1e-6)


def test_adapts_to_a_tf_data_set_and_takes_images():
    tf = pytest.importorskip("tensorflow")
    images = np.random.default_rng(0).integers(0, 256, (20, 3, 3, 2)).astype("uint8")
    layer = Whitening("pca", axis=(1, 2, 3))
    layer.adapt(tf.data.Dataset.from_tensor_slices(images).batch(6))
    y = layer(images)
    assert keras.backend.standardize_dtype(y.dtype) == "float32" and y.shape == images.shape
    rows = images.reshape(20, -1).astype("float64")
    rows -= rows.mean(axis=0)
    found = keras.ops.convert_to_numpy(y).reshape(20, -1)
    # Up to the signs of the axes, which the products of the rows do not see.
    inverse = np.linalg.inv(rows.T @ rows / 20 + 1e-5 * np.eye(18))
    np.testing.assert_allclose(found @ found.T, rows @ inverse @ rows.T, atol=1e-2)


@pytest.mark.parametrize("x", [np.full((10, 4), 7.0), data((3, 12)), data((1, 4))])
def test_without_variance_and_with_fewer_samples_than_features_it_is_the_formula(x):
    rows = x - x.mean(axis=0)
    values, vectors = np.linalg.eigh(rows.T @ rows / len(x))
    expected = rows @ (vectors / np.sqrt(np.maximum(values, 0) + 1e-5)) @ vectors.T
    np.testing.assert_allclose(run(adapted(x, "zca"), x), expected, atol=2e-3)


@pytest.mark.parametrize("steps, error", [(-1, ValueError), (0, ValueError), ("2", TypeError)])
def test_steps_that_are_no_number_of_batches_are_refused(steps, error):
    with pytest.raises(error, match="`steps` must be"):
        Whitening("pca").adapt(data(), batch_size=2, steps=steps)


def test_warns_before_adapt_and_not_after_loading(tmp_path, recwarn):
    x = data().astype("float32")
    layer = Whitening("zca")
    with pytest.warns(UserWarning, match="no effect before `adapt"):
        layer(x)
    layer.adapt(x)
    inputs = keras.Input((5,))
    keras.Model(inputs, layer(inputs)).save(tmp_path / "model.keras")
    recwarn.clear()
    keras.models.load_model(tmp_path / "model.keras")(x)
    assert not [w for w in recwarn if "no effect" in str(w.message)]


def warned(recwarn):
    return any("no effect" in str(warning.message) for warning in recwarn)


@pytest.mark.parametrize("method", ["center", "pca"])
@pytest.mark.parametrize("of_the_model", [False, True], ids=["layer", "model"])
def test_does_not_warn_after_set_weights(method, of_the_model, recwarn):
    adapted, other = Whitening(method), Whitening(method)
    adapted.adapt(data())
    model = keras.Sequential([keras.Input((5,)), other])
    recwarn.clear()
    (model if of_the_model else other).set_weights(adapted.get_weights())
    x = data().astype("float32")
    np.testing.assert_array_equal(run(other, x), run(adapted, x))
    assert not warned(recwarn)


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="values are unknown inside its fit")
def test_does_not_warn_in_a_compiled_call_after_set_weights_of_the_model(recwarn):
    adapted = Whitening("pca")
    adapted.adapt(data())
    model = keras.Sequential([keras.Input((5,)), Whitening("pca")])
    model.set_weights(adapted.get_weights())
    recwarn.clear()
    model.predict(data().astype("float32"), verbose=0)
    assert not warned(recwarn)


def test_warns_in_predict_before_adapt():
    model = keras.Sequential([keras.Input((5,)), Whitening("pca")])
    with pytest.warns(UserWarning, match="no effect before `adapt"):
        model.predict(data().astype("float32"), verbose=0)


@pytest.mark.parametrize(
    "call, error, match",
    [
        (lambda: Whitening("sphere"), ValueError, "`method` must be one of 'center'"),
        (lambda: Whitening(epsilon=0), ValueError, r"`epsilon` must be in \(0, inf\)"),
        (lambda: Whitening(axis=1.5), TypeError, "`axis` must be an integer"),
        (lambda: Whitening(axis=0), ValueError, "`axis` must not be 0, the axis of the batch"),
        (lambda: Whitening(axis=(0, 1)), ValueError, "`axis` must not be 0, the axis of the batch"),
        (lambda: Whitening(axis=-2).build((3, 4)), ValueError, "`axis` must be distinct axes"),
        (lambda: Whitening(axis=(1, -1)).build((3, 4)), ValueError, "`axis` must be distinct"),
        (lambda: Whitening().build((3, None)), ValueError, "`axis` must be axes of known size"),
        (lambda: Whitening().adapt([]), ValueError, "`data` must hold at least one sample"),
        (lambda: Whitening().adapt(data(), batch_size=0), ValueError, "`batch_size` must be in"),
    ],
)
def test_bad_arguments(call, error, match):
    with pytest.raises(error, match=match + "(.|\n)*Received"):
        call()
