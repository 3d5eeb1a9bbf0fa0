"""Planted faults, each with the name of the check that must find it."""

import keras
import numpy as np
from keras import layers as kl

from tests.preflight.pairs import (
    SPARSE,
    adam,
    clothes,
    compiled,
    convolutional,
    mlp,
    rows,
    sgd,
)


def shuffled_labels():
    (x, y), other = clothes()
    shuffled = np.random.default_rng(0).permutation(y)
    return compiled(convolutional(), adam(), SPARSE, ((x, shuffled), other))


def shuffled_labels_on_both_sides():
    generator = np.random.default_rng(0)
    data = tuple((x, generator.permutation(y)) for x, y in rows())
    return compiled(mlp(kl.Dense(64, "relu")), adam(), SPARSE, data)


def softmax_twice():
    model = mlp(kl.Dense(64, "relu"), kl.Dense(3, "softmax"))
    model = keras.Sequential([*model.layers[:-1], kl.Softmax()])
    model.build((None, 20))
    return compiled(model, adam(), SPARSE, rows())


def softmax_in_model_and_loss():
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return compiled(mlp(kl.Dense(64, "relu")), adam(), loss, rows())


@keras.saving.register_keras_serializable("tests")
class SoftmaxTwice(keras.Model):
    """One whose layers nobody can see in a graph."""

    def __init__(self, **options):
        super().__init__(**options)
        self.hidden = kl.Dense(64, "relu")
        self.scores = kl.Dense(3)

    def build(self, shape):
        self.hidden.build(shape)
        self.scores.build((None, 64))
        self.built = True

    def call(self, x):
        return keras.ops.softmax(keras.ops.softmax(self.scores(self.hidden(x))))


def softmax_twice_out_of_sight():
    model = SoftmaxTwice()
    model.build((None, 20))
    return compiled(model, adam(), SPARSE, rows())


def logits_for_probabilities():
    return compiled(convolutional(last=None), adam(), SPARSE, clothes())


def sigmoid_logits_for_probabilities():
    model = mlp(kl.Dense(32, "relu"), outputs=1, last=None)
    return compiled(model, adam(), "binary_crossentropy", rows(2))


def pixels_unnormalized():
    return compiled(convolutional(), adam(), SPARSE, clothes(normalized=False))


def everything_frozen():
    model = convolutional(kl.BatchNormalization)
    model.trainable = False
    return compiled(model, adam(), SPARSE, clothes())


def rate_1000_times_too_high():
    return compiled(convolutional(), adam(1.0), SPARSE, clothes())


def rate_of_sgd_1000_times_too_high():
    return compiled(convolutional(kl.BatchNormalization), sgd(50.0), SPARSE, clothes())


def rate_1000_times_too_low():
    return compiled(convolutional(kl.BatchNormalization), adam(1e-6), SPARSE, clothes())


def rate_of_sgd_1000_times_too_low():
    return compiled(mlp(kl.Dense(64, "relu")), sgd(5e-5), SPARSE, rows())


def dead_relus():
    bias = keras.initializers.Constant(-20.0)
    model = mlp(kl.Dense(64, "relu"), kl.Dense(64, "relu", bias_initializer=bias))
    return compiled(model, adam(), SPARSE, rows())


def saturated_tanh():
    wide = keras.initializers.RandomNormal(stddev=3.0)
    model = mlp(*(kl.Dense(64, "tanh", kernel_initializer=wide) for _ in range(3)))
    return compiled(model, adam(), SPARSE, rows())


def normalization_frozen():
    model = convolutional(kl.BatchNormalization)
    for layer in model.layers:
        if isinstance(layer, kl.BatchNormalization):
            layer.trainable = False
    return compiled(model, adam(), SPARSE, clothes())


@keras.saving.register_keras_serializable("tests")
class CalledAsInPrediction(kl.Layer):
    """Batch normalisation that never normalises by the batch."""

    def __init__(self, **options):
        super().__init__(**options)
        self.normalization = kl.BatchNormalization()

    def build(self, shape):
        self.normalization.build(shape)

    def call(self, x):
        return self.normalization(x, training=False)


def normalization_called_as_in_prediction():
    return compiled(convolutional(CalledAsInPrediction), adam(), SPARSE, clothes())


def augmentation_destroys_the_label():
    """Arrows to the left and to the right, mirrored at random."""
    train, other = arrows(0), arrows(1)
    flip = np.random.default_rng(2).random(len(train[0])) < 0.5
    x = np.where(flip[:, None, None, None], train[0][:, :, ::-1], train[0])
    return compiled(small_network(), adam(), SPARSE, ((x, train[1]), other), unaugmented=train)


def augmentation_inside_destroys_the_label():
    model = keras.Sequential([keras.Input((16, 16, 1)), kl.RandomFlip("horizontal"),
                              *small_network().layers])  # fmt: skip
    return compiled(model, adam(), SPARSE, (arrows(0), arrows(1)))


def small_network():
    return keras.Sequential(
        [keras.Input((16, 16, 1)), kl.Conv2D(8, 3, activation="relu"), kl.MaxPooling2D(4),
         kl.Flatten(), kl.Dense(2, "softmax")]
    )  # fmt: skip


def arrows(seed, count=300):
    generator = np.random.default_rng(seed)
    y = generator.integers(0, 2, count)
    x = generator.normal(0, 0.3, (count, 16, 16, 1)).astype("float32")
    for image, label in zip(x, y):
        image[4:12, slice(2, 6) if label else slice(10, 14)] += 2
    return x, y


def validation_leaks():
    (x, y), (other, z) = clothes()
    data = (np.concatenate([x, other[:100]]), np.concatenate([y, z[:100]])), (other, z)
    return compiled(convolutional(), adam(), SPARSE, data)


@keras.saving.register_keras_serializable("tests")
class Rounded(kl.Layer):
    """Its output depends on the weights before it, without a gradient."""

    def call(self, x):
        return keras.ops.round(x * 50) / 50


def no_gradient():
    model = mlp(kl.Dense(64, "relu"), Rounded())
    return compiled(model, adam(), SPARSE, rows())


def regularization_drowns_the_data():
    model = mlp(kl.Dense(64, "relu", kernel_regularizer=keras.regularizers.L2(5.0)))
    return compiled(model, adam(), SPARSE, rows())


def last_layer_too_large():
    large = keras.initializers.RandomNormal(stddev=3.0)
    model = mlp(kl.Dense(64, "relu"), kernel_initializer=large)
    return compiled(model, adam(), SPARSE, rows())


FAULTS = {
    shuffled_labels: "labels",
    shuffled_labels_on_both_sides: "labels",
    softmax_twice: "outputs",
    softmax_in_model_and_loss: "outputs",
    softmax_twice_out_of_sight: "overfit",
    logits_for_probabilities: "outputs",
    sigmoid_logits_for_probabilities: "outputs",
    pixels_unnormalized: "inputs",
    everything_frozen: "trainable",
    rate_1000_times_too_high: "learning_rate",
    rate_of_sgd_1000_times_too_high: "learning_rate",
    rate_1000_times_too_low: "learning_rate",
    rate_of_sgd_1000_times_too_low: "learning_rate",
    dead_relus: "layers",
    saturated_tanh: "layers",
    normalization_frozen: "normalization",
    normalization_called_as_in_prediction: "normalization",
    augmentation_destroys_the_label: "augmentation",
    augmentation_inside_destroys_the_label: "augmentation",
    validation_leaks: "leakage",
    no_gradient: "gradients",
    regularization_drowns_the_data: "regularization",
    last_layer_too_large: "initial_loss",
}
