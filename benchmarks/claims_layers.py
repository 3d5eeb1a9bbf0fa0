"""The claims of `claims.py` about normalisation, noise, pooling and whitened inputs."""

import functools

import keras
from claims_runs import (
    Claim,
    Clock,
    classified,
    convolutional,
    dense,
    fit,
    relu_units,
    result,
    standardised,
    trained,
)

from kerasrecipes import inference, layers, models

NORMALIZATIONS = ("batch", "group", "instance", "layer", "decorrelated")
PASSES = 12


def normalization(images, batch_size, epochs, rate):
    """The kinds of normalisation in three convolutions."""
    return {
        kind: trained(convolutional(images, kind), images, epochs, rate, batch_size=batch_size)
        for kind in NORMALIZATIONS
    }


def _normalization(batch_size, epochs, rate):
    measure = functools.partial(normalization, batch_size=batch_size, epochs=epochs, rate=rate)
    measure.__doc__ = (
        f"Three convolutions, each kind of normalisation, {batch_size} images a step, "
        f"{epochs} epoch{'s' if epochs > 1 else ''}, highest rate {rate:g}."
    )
    return measure


def drop_connect(images):
    """Two hidden layers of 400 units, 20 epochs, rate 0.02, half of units or weights dropped."""

    def hidden(kind, number):
        start = keras.initializers.HeNormal(seed=1000 * images.seed + number)
        if kind == "DropConnect":
            start.scale = 4.0  # weights are not rescaled in training
            return layers.DropConnectDense(
                400, 0.5, activation="relu", mask="gaussian", kernel_initializer=start,
                seed=images.seed + number,
            )  # fmt: skip
        layer = keras.layers.Dense(400, "relu", kernel_initializer=start)
        if kind == "none":
            return layer
        return keras.Sequential([layer, keras.layers.Dropout(0.5, seed=images.seed + number)])

    return {
        kind: trained(dense(images, functools.partial(hidden, kind)), images, 20, 0.02)
        for kind in ("none", "dropout", "DropConnect")
    }


def depth(images, epochs, rates):
    """Residual networks of 14 layers with and without stochastic depth."""
    return {
        name: trained(_resnet(images, rate), images, epochs, 0.1) for name, rate in rates.items()
    }


def _depth(epochs, rate):
    rates = {"every block": 0.0, "stochastic depth": rate}
    measure = functools.partial(depth, epochs=epochs, rates=rates)
    measure.__doc__ = f"ResNet-14, {epochs} epochs, last block dropped in {rate:g} of the steps."
    return measure


def _resnet(images, rate):
    inputs, x = standardised(images)
    network = models.resnet(
        14, images.shape, 10, stochastic_depth=rate, stochastic_depth_mode="batch",
        seed=images.seed,
    )  # fmt: skip
    return keras.Model(inputs, network(x))


def fractional_pooling(images):
    """Convolutions of 8, 16, ... filters, pooled by 2 or, more often, 1.414, 8 epochs,
    rate 0.005.
    """
    found = {"max pooling": trained(_pooled(images, 2.0), images, 8, 0.005)}
    model = _pooled(images, 1.414)
    training = fit(model, images, 8, 0.005).read()
    for name, passes in (("1 pass", 1), (f"{PASSES} passes", PASSES)):
        clock = Clock(training)
        prediction = inference.monte_carlo_predict(
            model, images.x_test, passes, batch_size=500, seed=images.seed
        )
        found[f"fractional, {name}"] = result(prediction.mean, images, clock)
    return found


def _pooled(images, ratio):
    inputs, x = standardised(images)
    number = 0
    while x.shape[1] > 3:
        start = keras.initializers.HeNormal(seed=1000 * images.seed + number)
        number += 1
        x = keras.layers.Conv2D(
            8 * number, 3, padding="same", activation="leaky_relu", kernel_initializer=start
        )(x)
        pool = keras.layers.MaxPooling2D(2)
        if ratio < 2:
            pool = layers.FractionalMaxPooling2D(ratio, seed=images.seed + number)
        x = pool(x)
    return classified(inputs, keras.layers.Flatten()(x), images.seed)


def whitened_dense(images):
    """Two hidden layers of 200 units, 12 epochs."""
    return {
        name: trained(dense(images, relu_units(images, 200), before), images, 12, 0.02)
        for name, before in _inputs(images).items()
    }


def whitened_convolutional(images):
    """Three convolutions, 10 epochs."""
    return {
        name: trained(convolutional(images, before=before), images, 10, 0.1)
        for name, before in _inputs(images).items()
    }


def _inputs(images):
    """Layers of raw pixels in [0, 1], centred pixels, and images whitened as vectors."""
    arms = {"pixels in [0, 1]": keras.layers.Rescaling(1 / 255)}
    for name, method in (("centred", "center"), ("ZCA-whitened", "zca")):
        whitening = layers.Whitening(method, epsilon=0.01, axis=(1, 2, 3))
        whitening.adapt(images.x.astype("float32") / 255)
        arms[name] = keras.Sequential([keras.layers.Rescaling(1 / 255), whitening])
    return arms


GROUPS = "ImageNet, ResNet-50: top-1 error, batch and group, 34.7 and 24.1 at 2 images a step, "
CLAIMS = (
    Claim("normalization_128", _normalization(128, 6, 0.1),
          GROUPS + "23.6 and 24.1 at 32 (Wu & He, 2018)"),
    Claim("normalization_128_high_rate", _normalization(128, 6, 2.0),
          "decorrelated: faster than batch at high rates (Huang et al., 2018)"),
    Claim("normalization_8", _normalization(8, 2, 0.02), GROUPS + "(Wu & He, 2018)"),
    Claim("normalization_2", _normalization(2, 1, 0.005), GROUPS + "(Wu & He, 2018)"),
    Claim("drop_connect", drop_connect,
          "CIFAR-10, test error: dropout 9.83, DropConnect 9.32 (Wan et al., 2013)",
          pairs=(("none", "dropout"), ("none", "DropConnect"), ("dropout", "DropConnect"))),
    Claim("stochastic_depth_few_epochs", _depth(4, 0.5),
          "CIFAR-10, ResNet-110, 500 epochs: test error 6.41 to 5.25 (Huang et al., 2016)",
          count=4000),
    Claim("stochastic_depth_few_images", _depth(25, 0.2),
          "CIFAR-10, ResNet-110, 500 epochs: test error 6.41 to 5.25 (Huang et al., 2016)",
          count=500),
    Claim("fractional_pooling", fractional_pooling,
          "CIFAR-10, test error 4.50 by 1 pass, 3.67 by 12 (Graham, 2014; the latter not checked)",
          pairs=(("max pooling", "fractional, 1 pass"),
                 ("fractional, 1 pass", f"fractional, {PASSES} passes"))),
    Claim("whitened_dense", whitened_dense,
          "none: the lecture calls whitening unusual for convolutions",
          pairs=(("pixels in [0, 1]", "centred"), ("centred", "ZCA-whitened"))),
    Claim("whitened_convolutional", whitened_convolutional,
          "none: the lecture calls whitening unusual for convolutions",
          pairs=(("pixels in [0, 1]", "centred"), ("centred", "ZCA-whitened"))),
)  # fmt: skip
