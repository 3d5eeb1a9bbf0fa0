"""The claims of `claims.py` about networks that are trained already, and about their heads."""

import keras
from claims_runs import Claim, Clock, convolutional, fit, predicted, result, trained

from kerasrecipes import models, optimizers, transfer

SIZE = 64


def fine_tuning(images):
    """EfficientNet-Lite0 of ImageNet at 64 px, or three convolutions from scratch, 40 epochs."""
    found = {"from scratch": trained(convolutional(images), images, 40, 0.1, batch_size=32)}
    backbone = _backbone(images)
    clock = Clock()
    features = transfer.extract_features(backbone, images.x, batch_size=100)
    test = transfer.extract_features(backbone, images.x_test, batch_size=100)
    shared = clock.read()
    head = keras.Sequential([keras.Input(features.shape[1:]), _head(1e-2)])
    for name, fitted in (("Adam head", _adam), ("L-BFGS head", _lbfgs)):
        clock = Clock(shared)
        head.set_weights([0 * weight for weight in head.get_weights()])
        fitted(head, features, images)
        found[name] = result(head.predict(test, 500, verbose=0), images, clock)
    model = transfer.classifier(backbone, 10)
    model.get_layer("classifier").set_weights(head.get_weights())
    training = fit(model, images, 5, 0.003, batch_size=32).read()
    clock = Clock(tuple(map(sum, zip(shared, training))))
    found["fine-tuned"] = result(predicted(model, images), images, clock)
    return found


def _backbone(images):
    """From pixels of 0 to 255 to features, of the size that the network was not trained at."""
    inputs = keras.Input(images.shape)
    x = keras.layers.Resizing(SIZE, SIZE)(inputs)
    if images.shape[-1] == 1:
        x = keras.layers.Concatenate()([x, x, x])
    network = models.backbone("efficientnet_lite0", input_shape=(SIZE, SIZE, 3))
    return keras.Model(inputs, network(x))


def _head(decay):
    return keras.layers.Dense(10, "softmax", kernel_regularizer=keras.regularizers.L2(decay / 2))


def _adam(head, features, images):
    """100 epochs of batches."""
    head.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    keras.utils.set_random_seed(images.seed)
    head.fit(features, images.y, 32, epochs=100, verbose=0)


def _lbfgs(head, features, images):
    """At most 100 iterations on all images."""
    head.compile("sgd", "sparse_categorical_crossentropy")
    optimizers.fit_lbfgs(head, features, images.y, epochs=100, verbose=0)


CLAIMS = (
    Claim("fine_tuning", fine_tuning,
          "none: the lecture's advice for few and similar images is the linear classifier",
          "cifar10", 500,
          pairs=(("from scratch", "L-BFGS head"), ("L-BFGS head", "fine-tuned"),
                 ("Adam head", "L-BFGS head"))),
)  # fmt: skip
