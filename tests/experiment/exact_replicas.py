"""100 steps with batch normalisation on two devices against one, in a process of its own.

See `test_replicas.py`. In float32 losses differ by 2e-5: the sums of two parts are rounded
otherwise than that of the whole, and training multiplies the difference. In float64 it would be as
large if it had another reason.
"""

import keras
import numpy as np

from kerasrecipes.experiment import TrainingConfig
from kerasrecipes.experiment.replicas import Replicas

STEPS, BATCH = 100, 8
RNG = np.random.default_rng(0)
IMAGES = RNG.normal(2.0, 3.0, (4 * BATCH, 8, 8, 3))
ORDER = np.concatenate([RNG.permutation(len(IMAGES)) for _ in range(STEPS // 4)])
LABELS = RNG.integers(0, 3, len(ORDER))  # other ones each time, so that nothing settles


def losses(devices):
    """Return the loss of each step, and the weights after the last."""
    replicas = Replicas(TrainingConfig(batch_size=BATCH, devices=devices))
    synchronized = keras.backend.backend() == "tensorflow" and devices > 1
    keras.utils.set_random_seed(0)
    with replicas.scope():
        norms = [keras.layers.BatchNormalization(synchronized=synchronized) for _ in range(2)]
        model = keras.Sequential(
            [
                keras.Input((8, 8, 3)),
                keras.layers.Conv2D(8, 3, use_bias=False),
                norms[0],
                keras.layers.ReLU(),
                keras.layers.Conv2D(8, 3, use_bias=False),
                norms[1],
                keras.layers.ReLU(),
                keras.layers.Flatten(),
                keras.layers.Dense(3, activation="softmax"),
            ]
        )
        optimizer = keras.optimizers.SGD(0.3, 0.9, nesterov=True)
        model.compile(optimizer, "sparse_categorical_crossentropy")
    seen = []
    each = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda _, logs: seen.append(float(logs["loss"]))
    )
    x = IMAGES[ORDER].astype(keras.config.floatx())
    model.fit(x, LABELS, BATCH, verbose=0, shuffle=False, callbacks=[each, replicas])
    sums = np.array(seen) * np.arange(1, STEPS + 1)  # Keras gives the mean of the steps so far
    return np.diff(sums, prepend=0), replicas.on_one_device(model).get_weights()


def greatest_difference():
    """Return the greatest difference of the losses, and of the weights after the last step."""
    Replicas(TrainingConfig(batch_size=BATCH, devices=2))  # before the first tensor
    (expected, weights), (found, others) = losses(1), losses(2)
    apart = [np.abs(one - other).max() for one, other in zip(weights, others)]
    return np.abs(expected - found).max(), max(apart)


if __name__ == "__main__":
    keras.config.set_floatx("float64")
    loss, weights = greatest_difference()
    assert loss < 1e-12 and weights < 1e-11, (loss, weights)
