"""Models whose `train_step` uses optimizers of its own: attributes, lists and dicts."""

import copy
import pickle

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import PolyakAveraging
from tests.callbacks.small_fit import X, fit, small_model, values

BACKEND = keras.backend.backend()
not_on_jax = pytest.mark.skipif(
    BACKEND == "jax", reason="Keras hands a step on JAX the compiled optimizer alone"
)


class TwoRates(keras.Model):
    """Each layer has an optimizer of its own; the compiled one does nothing."""

    def __init__(self, hold):
        super().__init__()
        self.first, self.second = keras.layers.Dense(4), keras.layers.Dense(3)
        pair = [keras.optimizers.SGD(0.1), keras.optimizers.Adam(0.02)]
        if hold == "attributes":
            self.one, self.two = pair
        elif hold == "list":
            self.pair = pair
        else:
            self.by_name = dict(zip("ab", pair))
        self.get_pair = lambda: pair

    def call(self, x):
        return self.second(self.first(x))

    def train_step(self, data):
        x, y = data
        variables = [self.first.trainable_variables, self.second.trainable_variables]
        if BACKEND == "tensorflow":
            import tensorflow as tf

            with tf.GradientTape() as tape:
                loss = self.compute_loss(x=x, y=y, y_pred=self(x))
            gradients = tape.gradient(loss, variables)
        else:
            import torch

            loss = self.compute_loss(x=x, y=y, y_pred=self(x))
            flat = torch.autograd.grad(loss, [v.value for v in [*variables[0], *variables[1]]])
            gradients = [flat[: len(variables[0])], flat[len(variables[0]) :]]
            with torch.no_grad():
                return self.update(gradients, variables, loss)
        return self.update(gradients, variables, loss)

    def update(self, gradients, variables, loss):
        for optimizer, gradient, group in zip(self.get_pair(), gradients, variables):
            optimizer.apply(list(gradient), group)
        return {"loss": loss}


def two_rates(hold="attributes", **options):
    keras.utils.set_random_seed(4)
    model = TwoRates(hold)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, **{"run_eagerly": BACKEND != "tensorflow", **options})
    model(X[:2])
    return model


class Record(keras.callbacks.Callback):
    """The raw weights after each step of a fit without averages."""

    def on_train_begin(self, logs=None):
        self.raw = [values(self.model.weights)]

    def on_train_batch_end(self, batch, logs=None):
        self.raw.append(values(self.model.weights))


@not_on_jax
@pytest.mark.parametrize("hold", ["attributes", "list", "dict"])
@pytest.mark.traced
def test_weights_are_averaged_after_updates_of_any_optimizer(hold):
    plain, record = two_rates(hold), Record()
    fit(plain, 2, [record], validation=False)
    expected = [weight.astype("float64") for weight in record.raw[0]]
    for weights in record.raw[1:]:
        expected = [0.9 * a + 0.1 * w for a, w in zip(expected, weights, strict=True)]
    model = two_rates(hold)
    averaging = PolyakAveraging(0.9, warmup=False)
    fit(model, 2, [averaging], validation=False)
    for weight, average in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(weight, average, rtol=1e-5, atol=1e-6)
    for weight, raw in zip(averaging.raw_weights(), record.raw[-1], strict=True):
        np.testing.assert_allclose(weight, raw, rtol=1e-5, atol=1e-6)


@not_on_jax
def test_own_optimizer_that_averages_by_itself_is_refused():
    model = two_rates()
    model.three = keras.optimizers.SGD(0.1, use_ema=True)
    with pytest.raises(ValueError, match="use_ema"):
        fit(model, 1, [PolyakAveraging()], validation=False)


@pytest.mark.traced
def test_raw_weights_are_those_that_train_on():
    plain, model, averaging = small_model(), small_model(), PolyakAveraging(0.9)
    with pytest.raises(ValueError, match="No weights"):
        averaging.raw_weights()
    fit(plain, 2, validation=False)
    fit(model, 2, [averaging], validation=False)
    for raw, weight in zip(averaging.raw_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(raw, weight, rtol=1e-5, atol=1e-6)
    assert np.abs(averaging.raw_weights()[0] - model.get_weights()[0]).max() > 1e-3


@pytest.mark.parametrize("include", [True, False])
@pytest.mark.traced
def test_layers_frozen_in_between_stay_as_they_are(include):
    averaging, model = PolyakAveraging(0.9, include_statistics=include), small_model()
    fit(model, 1, [averaging])
    frozen = [*model.layers[0].weights, *model.layers[1].weights]
    before, last = values(frozen), values(model.layers[-1].weights)
    model.layers[0].trainable = model.layers[1].trainable = False
    model.compile(keras.optimizers.SGD(0.5), model.loss)
    fit(model, 1, [averaging])
    for weight, value in zip(values(frozen), before, strict=True):
        np.testing.assert_array_equal(weight, value)
    assert np.abs(values(model.layers[-1].weights)[0] - last[0]).max() > 1e-3


@pytest.mark.parametrize("how", ["deepcopy", "pickle"])
@pytest.mark.traced
def test_a_copy_of_averages_goes_on(how):
    averaging, model = PolyakAveraging(0.9), small_model()
    fit(model, 1, [averaging])
    if how == "deepcopy":
        twin = copy.deepcopy(averaging)
    else:
        twin = pickle.loads(pickle.dumps(averaging))
    start = averaging.raw_weights()
    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append(twin.raw_weights())

    fit(model, 1, [twin, Look()])
    for raw, value in zip(seen[0], start, strict=True):
        np.testing.assert_array_equal(raw, value)
    assert len(seen) == 1
