"""Training and validation on four devices against one, in a process of its own.

See `test_replicas.py`.
"""

import sys

import keras
import numpy as np

from kerasrecipes import augment
from kerasrecipes.experiment import TrainingConfig
from kerasrecipes.experiment.replicas import Replicas
from kerasrecipes.inference import multi_crop_predict
from kerasrecipes.transfer import extract_features

DEVICES, BATCH = 4, 8
RNG = np.random.default_rng(0)
PIXELS, LABELS = RNG.integers(0, 256, (40, 6, 6, 1)).astype("uint8"), RNG.integers(0, 3, 40)
CLASS_WEIGHTS = {0: 0.0, 1: 1.0, 2: 3.0}


def train(config, held_out):
    """Return History and the model on one device, after two epochs."""
    replicas = Replicas(config)
    images = list(zip(PIXELS, LABELS))
    transforms = [augment.CenterCrop(6, channels=1), augment.Normalize(127.5, 127.5)]
    training = augment.pipeline(images, transforms, BATCH, training=True, drop_remainder=True)
    validation = augment.pipeline(images[:held_out], transforms, BATCH, training=False)
    keras.utils.set_random_seed(1)
    with replicas.scope():
        layers = [keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(8, "relu")]
        head = keras.layers.Dense(3, "softmax", kernel_regularizer="l2")
        model = keras.Sequential([*layers, head])
        metrics = replicas.metrics(["accuracy"])
        model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", **metrics)
    history = model.fit(
        training,
        epochs=2,
        steps_per_epoch=training.steps_per_pass,
        validation_data=replicas.held_out(validation),
        class_weight=CLASS_WEIGHTS,
        shuffle=False,
        verbose=0,
        callbacks=[replicas],
    )
    return history.history, replicas.on_one_device(model)


def compare(held_out):
    """Raise unless four devices give what one gives, also for `held_out` % 4 images over."""
    expected, alone = train(TrainingConfig(batch_size=BATCH), held_out)
    result, model = train(TrainingConfig(batch_size=BATCH, devices=DEVICES), held_out)
    assert result.keys() == expected.keys(), (result.keys(), expected.keys())
    for name, values in expected.items():
        np.testing.assert_allclose(result[name], values, atol=1e-5, err_msg=f"{held_out}: {name}")
    for one, other in zip(model.get_weights(), alone.get_weights()):
        np.testing.assert_allclose(one, other, atol=1e-5)
    x = PIXELS[:5].astype("float32") / 127.5 - 1  # five images: four do not divide them
    np.testing.assert_allclose(
        model.predict_on_batch(x), alone.predict_on_batch(x), atol=1e-5, err_msg="after fit"
    )


def predictions():
    """Raise unless a model on its devices predicts what it does on one, for batches of any size."""
    replicas = Replicas(TrainingConfig(batch_size=BATCH, devices=DEVICES))
    crops = RNG.normal(size=(5, 3, 6, 6, 1)).astype("float32")
    with replicas.scope():
        layers = [keras.Input((6, 6, 1)), keras.layers.Conv2D(4, 3), keras.layers.Flatten()]
        model = keras.Sequential([*layers, keras.layers.Dense(3, "softmax")])
    result = multi_crop_predict(model, [crops]), extract_features(model, crops[:, 0])
    alone = replicas.on_one_device(model)
    expected = multi_crop_predict(alone, [crops]), extract_features(alone, crops[:, 0])
    for one, other in zip(result, expected):
        np.testing.assert_allclose(one, other, atol=1e-5)


def second_number():
    """Raise unless another number of devices is refused."""
    try:
        Replicas(TrainingConfig(batch_size=BATCH, devices=2))
    except ValueError as error:
        assert "devices=2" in str(error), error
        return
    assert keras.backend.backend() == "jax", "a second strategy hangs"


if __name__ == "__main__":
    Replicas(TrainingConfig(batch_size=BATCH, devices=DEVICES))  # before the first tensor
    for held_out in map(int, sys.argv[1:]):
        compare(held_out)
    predictions()
    second_number()
