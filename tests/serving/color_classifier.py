"""A classifier that needs no training: the brightest channel is the class."""

import keras
import numpy as np

from kerasrecipes import serving

NAMES = ("blue", "green", "red")  # sorted as folders are: channels 2, 1, 0
GAIN = 0.02


def color_model(size=(None, None), channels=3, dtype="float32"):
    """Scores are GAIN times the mean of the channel of each class."""
    inputs = keras.Input((*size, channels), dtype=dtype)
    means = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1.0)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(3, "softmax", name="head")(means), name="colors")
    kernel = np.eye(3)[::-1] if channels == 3 else np.array([[-1.0, 0.0, 1.0]])
    model.get_layer("head").set_weights([GAIN * kernel, np.zeros(3)])
    return model


def color_shares(pixels):
    """What `color_model` must say of one image, in float64."""
    scores = GAIN * np.asarray(pixels, "float64").mean(axis=(0, 1))[::-1]
    raised = np.exp(scores - scores.max())
    return raised / raised.sum()


def saved_color_model(path, **options):
    serving.named_model(color_model(**options), NAMES).save(path)
    return path
