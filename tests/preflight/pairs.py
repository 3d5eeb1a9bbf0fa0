"""Healthy pairs of model and data: `preflight` must raise no alarm on any of them."""

import pathlib

import keras
import numpy as np
from keras import layers as kl

import kerasrecipes
from kerasrecipes import layers, losses, models, optimizers, schedules

SAMPLE = pathlib.Path(kerasrecipes.__file__).parent / "data" / "fashion_mnist_sample.npz"
SPARSE, ONE_HOT = "sparse_categorical_crossentropy", "categorical_crossentropy"


def clothes(normalized=True, count=600):
    """Images of 10 kinds of clothes for training and validation, different ones."""
    with np.load(SAMPLE) as file:
        x, y = file["x_train"][: count + 200].astype("float32"), file["y_train"][: count + 200]
    x = x.reshape(len(x), 28, 28, 1)
    if normalized:
        x = (x - 72.9) / 90.0
    return (x[:count], y[:count].astype("int64")), (x[count:], y[count:].astype("int64"))


def rows(classes=3, count=400, seed=0):
    generator = np.random.default_rng(seed)
    y = generator.integers(0, classes, count + 150)
    centers = generator.normal(size=(classes, 20))
    x = (centers[y] + generator.normal(size=(len(y), 20))).astype("float32")
    return (x[:count], y[:count]), (x[count:], y[count:])


def numbers(columns=1, scale=1.0):
    (x, _), (other, _) = rows()
    slope = np.random.default_rng(1).normal(size=(20, columns)) / 5
    return tuple((a, (scale * np.sin(a @ slope)).astype("float32")) for a in (x, other))


def one_hot(data, classes=10):
    return tuple((x, np.eye(classes, dtype="float32")[y]) for x, y in data)


def compiled(model, optimizer, loss, data, **options):
    model.compile(optimizer, loss)
    return model, {"data": data[0], "validation_data": data[1], **options}


def mlp(*middle, inputs=20, outputs=3, last="softmax", **options):
    return keras.Sequential([keras.Input((inputs,)), *middle, kl.Dense(outputs, last, **options)])


def convolutional(normalization=None, activation="relu", last="softmax", first=(), **options):
    parts = [keras.Input((28, 28, 1)), *first]
    for filters in (16, 32):
        parts.append(kl.Conv2D(filters, 3, strides=2, **options))
        parts += [normalization()] if normalization else []
        parts.append(kl.Activation(activation))
    return keras.Sequential([*parts, kl.GlobalAveragePooling2D(), kl.Dense(10, last)])


def adam(rate=1e-3):
    return keras.optimizers.Adam(rate)


def sgd(rate=0.05, **options):
    return keras.optimizers.SGD(rate, momentum=0.9, **options)


def relu_mlp():
    return compiled(mlp(kl.Dense(64, "relu"), kl.Dense(64, "relu")), adam(), SPARSE, rows())


def tanh_mlp_with_sgd():
    return compiled(mlp(kl.Dense(50, "tanh"), kl.Dense(50, "tanh")), sgd(), SPARSE, rows())


def logits():
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return compiled(mlp(kl.Dense(64, "elu"), last=None), "rmsprop", loss, rows())


def selu_with_alpha_dropout():
    middle = [kl.Dense(64, "selu", kernel_initializer="lecun_normal"), kl.AlphaDropout(0.1)]
    return compiled(mlp(*middle), keras.optimizers.Nadam(1e-3), SPARSE, rows())


def much_dropout():
    model = mlp(kl.Dense(256, "relu"), kl.Dropout(0.5), kl.Dense(256, "relu"), kl.Dropout(0.5))
    return compiled(model, adam(), SPARSE, rows())


def linear_softmax():
    model = keras.Sequential([keras.Input((28, 28, 1)), kl.Flatten(), kl.Dense(10, "softmax")])
    return compiled(model, sgd(1e-3), SPARSE, clothes())


def binary():
    x, other = rows(2)
    return compiled(mlp(kl.Dense(32, "relu"), outputs=1, last="sigmoid"), adam(),
                    "binary_crossentropy", (x, other))  # fmt: skip


def binary_logits():
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    return compiled(mlp(kl.Dense(32, "gelu"), outputs=1, last=None), adam(3e-3), loss, rows(2))


def several_labels():
    data = tuple((x, (x[:, :4] > 0).astype("float32")) for x, _ in rows())
    model = mlp(kl.Dense(64, "relu"), outputs=4, last="sigmoid")
    return compiled(model, adam(), "binary_crossentropy", data)


def regression():
    return compiled(mlp(kl.Dense(64, "relu"), outputs=1, last=None), adam(), "mse", numbers())


def regression_of_several():
    loss = keras.losses.Huber()
    model = mlp(kl.Dense(64, "tanh"), outputs=3, last=None)
    return compiled(model, adam(3e-3), loss, numbers(3))


def multiclass_hinge():
    model = mlp(kl.Dense(64, "relu"), last=None, kernel_regularizer="l2")
    return compiled(model, sgd(0.01), losses.MulticlassHinge(), rows())


def categorical_hinge():
    model = mlp(kl.Dense(64, "relu"), last=None)
    return compiled(model, adam(), "categorical_hinge", one_hot(rows(), 3))


def label_smoothing():
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    return compiled(convolutional(kl.BatchNormalization), adam(), loss, one_hot(clothes()))


def mixed_labels():
    (x, y), other = one_hot(clothes())
    share = np.random.default_rng(0).beta(0.2, 0.2, len(x)).astype("float32")[:, None]
    mixed = (
        share[..., None, None] * x + (1 - share[..., None, None]) * x[::-1],
        share * y + (1 - share) * y[::-1],
    )
    return compiled(convolutional(kl.BatchNormalization), adam(), ONE_HOT, (mixed, other))


def plain_convolutions():
    return compiled(convolutional(), adam(), SPARSE, clothes())


def batch_normalization_and_sgd():
    return compiled(
        convolutional(kl.BatchNormalization, use_bias=False), sgd(0.1), SPARSE, clothes()
    )


def group_normalization():
    model = convolutional(lambda: layers.GroupNormalization(8), "leaky_relu")
    return compiled(model, keras.optimizers.AdamW(1e-3), SPARSE, clothes())


def pixels_scaled_inside():
    model = convolutional(kl.BatchNormalization, first=[kl.Rescaling(1 / 255)])
    return compiled(model, adam(), SPARSE, clothes(normalized=False))


def pixels_normalized_inside():
    data = clothes(normalized=False)
    first = kl.Normalization()
    first.adapt(data[0][0])
    return compiled(convolutional(first=[first]), adam(), SPARSE, data)


def augmentation_inside():
    first = [kl.RandomFlip("horizontal"), kl.RandomTranslation(0.1, 0.1)]
    return compiled(convolutional(kl.BatchNormalization, first=first), adam(), SPARSE, clothes())


def residual():
    model = models.resnet(8, (28, 28, 1), 10, kernel_regularizer="l2")
    total = schedules.OneCycle(0.2, 1000)
    return compiled(model, sgd(total, nesterov=True), SPARSE, clothes())


def deep_residual():
    """Twenty layers, where a gradient is spread over maps of 784 places."""
    return compiled(models.resnet(20, (28, 28, 1), 10), sgd(0.1), SPARSE, clothes())


def pooled_convolutions():
    """Layers of very different numbers of outputs: maps of 784 places, ten classes."""
    parts = [kl.Conv2D(32, 3, padding="same", activation="relu", kernel_initializer="he_normal")
             for _ in range(2)]  # fmt: skip
    parts += [kl.GlobalAveragePooling2D(), kl.Dense(10, "softmax")]
    model = keras.Sequential([keras.Input((28, 28, 1)), *parts])
    return compiled(model, adam(3e-3), SPARSE, clothes())


def stochastic_depth():
    model = models.resnet(8, (28, 28, 1), 10, stochastic_depth=0.5)
    return compiled(model, sgd(0.05), SPARSE, clothes())


def separable():
    parts = [keras.Input((28, 28, 1))]
    for filters in (16, 32):
        parts += [kl.SeparableConv2D(filters, 3, strides=2), kl.BatchNormalization(),
                  kl.ReLU(6)]  # fmt: skip
    model = keras.Sequential([*parts, kl.Flatten(), kl.Dense(10, "softmax")])
    return compiled(model, adam(), SPARSE, clothes())


def drop_connect():
    model = mlp(layers.DropConnectDense(64, activation="relu"))
    return compiled(model, adam(3e-3), SPARSE, rows())


def maxout():
    return compiled(mlp(layers.Maxout(32, 2)), sgd(0.02), SPARSE, rows())


def recurrent():
    (x, y), (other, z) = rows()
    data = ((x.reshape(-1, 5, 4), y), (other.reshape(-1, 5, 4), z))
    model = keras.Sequential([keras.Input((5, 4)), kl.LSTM(32), kl.Dense(3, "softmax")])
    return compiled(model, adam(3e-3), SPARSE, data)


def tokens():
    generator = np.random.default_rng(0)
    y = generator.integers(0, 2, 500)
    x = generator.integers(0, 50, (500, 12))
    x[:, :4] = x[:, :4] // 2 + 25 * y[:, None]
    data = ((x[:350], y[:350]), (x[350:], y[350:]))
    model = keras.Sequential([keras.Input((12,), dtype="int64"), kl.Embedding(50, 16),
                              kl.GlobalAveragePooling1D(), kl.Dense(32, "relu"),
                              kl.Dense(2, "softmax")])  # fmt: skip
    return compiled(model, adam(), SPARSE, data)


def attention():
    (x, y), (other, z) = rows()
    data = ((x.reshape(-1, 5, 4), y), (other.reshape(-1, 5, 4), z))
    inputs = keras.Input((5, 4))
    h = kl.Dense(16)(inputs)
    h = kl.LayerNormalization()(h + kl.MultiHeadAttention(2, 8)(h, h))
    h = kl.LayerNormalization()(h + kl.Dense(16)(kl.Dense(32, "gelu")(h)))
    outputs = kl.Dense(3, "softmax")(kl.GlobalAveragePooling1D()(h))
    return compiled(keras.Model(inputs, outputs), adam(), SPARSE, data)


def two_outputs():
    inputs = keras.Input((20,))
    h = kl.Dense(64, "relu")(inputs)
    model = keras.Model(inputs, {"kind": kl.Dense(3, "softmax")(h), "size": kl.Dense(1)(h)})
    train, other = rows(), numbers()
    data = tuple((x, {"kind": y, "size": z}) for (x, y), (_, z) in zip(train, other))
    return compiled(model, adam(3e-3), {"kind": SPARSE, "size": "mse"}, data)


def two_networks_at_once():
    inputs = keras.Input((28, 28, 1))
    networks = {name: convolutional(kl.BatchNormalization) for name in ("one", "other")}
    model = keras.Model(inputs, {name: network(inputs) for name, network in networks.items()})
    owner = {}
    for network, rate in zip(networks.values(), (0.02, 0.05)):
        optimizer = sgd(rate)
        owner.update({id(v): optimizer for v in network.trainable_variables})
    data = tuple((x, {"one": y, "other": y}) for x, y in clothes())
    optimizer = keras.optimizers.MultiOptimizer(lambda v: owner[id(v)])
    return compiled(model, optimizer, {"one": SPARSE, "other": SPARSE}, data)


def frozen_backbone():
    model = pretrained()
    for layer in model.layers[:-1]:
        layer.trainable = False
    model.layers[-1].set_weights([0 * w for w in model.layers[-1].get_weights()])
    return compiled(model, adam(), SPARSE, clothes())


def fine_tuning_at_a_low_rate():
    return compiled(pretrained(), adam(2e-5), SPARSE, clothes())


def pretrained():
    keras.utils.set_random_seed(3)
    model = convolutional(kl.BatchNormalization)
    model.compile(adam(3e-3), SPARSE)
    model.fit(*clothes(count=2000)[0], 64, epochs=2, verbose=0)
    return model


def rates_by_layer():
    model = mlp(kl.Dense(64, "relu", name="early"), kl.Dense(64, "relu"))
    optimizer = optimizers.LayerwiseLearningRates(adam(), {"early": 0.1})
    return compiled(model, optimizer, SPARSE, rows())


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    def __init__(self, units=64, **options):
        super().__init__(**options)
        self.units = units
        self.hidden = kl.Dense(units, "relu")
        self.drop = kl.Dropout(0.3)
        self.scores = kl.Dense(3)

    def build(self, shape):
        self.hidden.build(shape)
        self.scores.build((None, self.units))
        self.built = True

    def call(self, x, training=False):
        return self.scores(self.drop(self.hidden(x), training=training))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def subclassed():
    model = Subclassed()
    model.build((None, 20))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return compiled(model, adam(), loss, rows())


def batches_in_a_list():
    model, options = relu_mlp()
    x, y = options["data"]
    options["data"] = [(x[i : i + 50], y[i : i + 50]) for i in range(0, 400, 50)]
    return model, options


def own_loss():
    def loss(y_true, y_pred):
        return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)

    return compiled(mlp(kl.Dense(64, "relu")), adam(), loss, rows())


PAIRS = [
    relu_mlp, tanh_mlp_with_sgd, logits, selu_with_alpha_dropout, much_dropout, linear_softmax,
    binary, binary_logits, several_labels, regression, regression_of_several, multiclass_hinge,
    categorical_hinge, label_smoothing, mixed_labels, plain_convolutions,
    batch_normalization_and_sgd, group_normalization, pixels_scaled_inside,
    pixels_normalized_inside, augmentation_inside, residual, deep_residual,
    pooled_convolutions, stochastic_depth, separable, drop_connect, maxout, recurrent, tokens,
    attention, two_outputs, two_networks_at_once, frozen_backbone, fine_tuning_at_a_low_rate,
    rates_by_layer, subclassed, batches_in_a_list, own_loss,
]  # fmt: skip
