import keras
import numpy as np
import pytest

from kerasrecipes.inference import monte_carlo_predict

X = np.random.default_rng(0).normal(size=(9, 6)).astype("float32")


def network(activation="softmax"):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.4),
            keras.layers.GaussianNoise(0.3),
            keras.layers.Dense(3, activation=activation),
        ]
    )


def values(model):
    return [keras.ops.convert_to_numpy(weight).copy() for weight in model.weights]


class Coin(keras.layers.Layer):
    """Adds 0 or 2 to the first score, a fair coin for each call."""

    def build(self, input_shape):
        self.heads = self.add_weight(shape=(), initializer="zeros", trainable=False)
        self.flips = []

    def call(self, x, training=False):
        self.flips.append(float(training) * 2 * (len(self.flips) % 2))
        return x + keras.ops.convert_to_tensor([self.flips[-1], 0.0])


def test_the_four_figures_are_their_formulas():
    model = keras.Sequential([keras.Input((2,)), Coin(), keras.layers.Softmax()])
    x = np.array([[0.0, 0.0], [1.0, -1.0]], "float32")
    coin = model.layers[0]
    coin.flips.clear()
    mean, variance, entropy, information = monte_carlo_predict(model, x, 4)
    offsets = np.array([coin.flips[1:]]).T[:, :, None] * [1.0, 0.0]
    scores = np.exp(x[None].astype("float64") + offsets)
    drawn = scores / scores.sum(-1, keepdims=True)
    entropies = -(drawn * np.log(drawn)).sum(-1)
    total = -(drawn.mean(0) * np.log(drawn.mean(0))).sum(-1)
    np.testing.assert_allclose(mean, drawn.mean(0), rtol=1e-5)
    np.testing.assert_allclose(variance, drawn.var(0), rtol=1e-4)
    np.testing.assert_allclose(entropy, total, rtol=1e-5)
    np.testing.assert_allclose(information, total - entropies.mean(0), atol=1e-6)
    assert variance.min() > 0


@pytest.mark.traced
def test_noise_is_on_statistics_are_fixed_and_nothing_changes():
    model = network()
    model.layers[1].moving_mean.assign(np.full(16, 0.5))
    before = values(model)
    together = monte_carlo_predict(model, X, 150, seed=1)
    for old, new in zip(before, values(model)):
        np.testing.assert_array_equal(old, new)
    alone = monte_carlo_predict(model, X[:1], 150, seed=2)
    # With batch statistics a single example would be normalised to beta.
    np.testing.assert_allclose(alone.mean[0], together.mean[0], atol=0.08)
    assert together.variance.max() > 1e-3 and (together.mutual_information > 1e-4).all()
    assert "call" not in vars(model.layers[1])


def test_a_seed_gives_the_same_and_leaves_the_generators_alone():
    model = network()
    states = [keras.ops.convert_to_numpy(v).copy() for v in model.variables]
    first = monte_carlo_predict(model, X, 5, seed=7)
    np.testing.assert_array_equal(first.mean, monte_carlo_predict(model, X, 5, seed=7).mean)
    assert not np.array_equal(first.mean, monte_carlo_predict(model, X, 5, seed=8).mean)
    for old, new in zip(states, model.variables):
        np.testing.assert_array_equal(old, keras.ops.convert_to_numpy(new))
    unseeded = [monte_carlo_predict(model, X, 5).mean for _ in range(2)]
    assert not np.array_equal(*unseeded)


def test_batches_and_logits():
    model = network(None)
    whole = monte_carlo_predict(model, X, 2, from_logits=True, seed=0)
    pairs = [(X[:9], np.zeros(9))]
    np.testing.assert_allclose(
        monte_carlo_predict(model, pairs, 2, from_logits=True, seed=0).mean, whole.mean
    )
    parts = monte_carlo_predict(model, X, 2, batch_size=4, from_logits=True)
    assert parts.mean.shape == (9, 3) and parts.entropy.dtype == np.float32
    np.testing.assert_allclose(parts.mean.sum(1), 1, rtol=1e-5)
    with pytest.raises(ValueError, match="from_logits.*Received"):
        monte_carlo_predict(model, X, 2)


def test_without_noise_nothing_varies():
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, activation="softmax")])
    prediction = monte_carlo_predict(model, X, 3)
    np.testing.assert_allclose(prediction.mean, model.predict(X, verbose=0), atol=1e-6)
    assert prediction.variance.max() < 1e-12 and prediction.mutual_information.max() < 1e-6


@pytest.mark.parametrize(
    "options, error, named",
    [
        ({"samples": 0}, ValueError, "samples"),
        ({"samples": 2.0}, TypeError, "samples"),
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"seed": -1}, ValueError, "seed"),
        ({"from_logits": 1}, TypeError, "from_logits"),
        ({"x": []}, ValueError, "x"),
    ],
)
def test_bad_input(options, error, named):
    with pytest.raises(error, match=f"`{named}`.*Received"):
        monte_carlo_predict(network(), **({"x": X, "samples": 2} | options))
