"""The claims of `claims.py` about networks that are trained already, and about their heads."""

import dataclasses

import keras
import numpy as np
from claims_runs import Claim, Clock, convolutional, predicted, result, trained

from kerasrecipes import models, optimizers, transfer

SIZE = 64


def fine_tuning(images):
    """EfficientNet-Lite0 of ImageNet at 64 px, its classifier alone or all layers for 5 epochs from
    that classifier, statistics frozen; or three convolutions from scratch, 40 epochs."""
    found = {"from scratch": trained(convolutional(images), images, 40, 0.1, batch_size=32)}
    large = dataclasses.replace(images, x=_resized(images.x), x_test=_resized(images.x_test))
    backbone = models.backbone("efficientnet_lite0", input_shape=(SIZE, SIZE, 3))
    clock = Clock()
    features = transfer.extract_features(backbone, large.x, batch_size=100)
    test = transfer.extract_features(backbone, large.x_test, batch_size=100)
    shared = clock.read()
    head = keras.Sequential([keras.Input(features.shape[1:]), _head(1e-2)])
    for name, fitted in (("Adam head", _adam), ("L-BFGS head", _lbfgs)):
        clock = Clock(shared)
        head.set_weights([0 * weight for weight in head.get_weights()])
        fitted(head, features, images)
        found[name] = result(head.predict(test, 500, verbose=0), images, clock)
    clock = Clock(clock.read())
    model = transfer.classifier(backbone, 10)
    model.get_layer("classifier").set_weights(head.get_weights())
    phase = dataclasses.replace(transfer.advise(1000, similar=False).phases[1], epochs=5)
    transfer.fine_tune(
        model, (large.x, large.y), [phase], seed=images.seed, jit_compile=False, verbose=0
    )
    found["fine-tuned"] = result(predicted(model, large), images, clock)
    return found


def _resized(pixels):
    """Return images of three channels and of the size that the network takes, as integers."""
    parts = np.array_split(pixels, -(-len(pixels) // 500))
    resized = [keras.ops.image.resize(part.astype("float32"), (SIZE, SIZE)) for part in parts]
    resized = [np.round(keras.ops.convert_to_numpy(part)).astype("uint8") for part in resized]
    return np.broadcast_to(np.concatenate(resized), (len(pixels), SIZE, SIZE, 3))


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
