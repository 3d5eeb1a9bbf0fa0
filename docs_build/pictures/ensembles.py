"""Networks of other initial weights disagree where data are few; their mean is calmer."""

import keras
import numpy as np
from matplotlib import pyplot as plt

from docs_build.pictures._style import BLUE, GREEN, ORANGE


def draw():
    """Probability of one class on a line, by six networks and by their mean."""
    rng = np.random.default_rng(0)
    line = np.linspace(-3, 3, 200)[:, None].astype("float32")
    x = rng.uniform(-3, 3, (60, 1)).astype("float32")
    y = (rng.random(60) < _truth(x[:, 0])).astype("float32")
    figure, axis = plt.subplots()
    answers = []
    for seed in range(6):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential([keras.Input((1,))])
        for units in (32, 32):
            model.add(keras.layers.Dense(units, "relu"))
        model.add(keras.layers.Dense(1, "sigmoid"))
        model.compile(keras.optimizers.Adam(0.03), "binary_crossentropy")
        model.fit(np.tile(x, (150, 1)), np.tile(y, 150), batch_size=60, shuffle=False, verbose=0)
        answers.append(keras.ops.convert_to_numpy(model(line))[:, 0])
        axis.plot(line, answers[-1], color=BLUE, alpha=0.4, lw=0.8)
    axis.plot(line, np.mean(answers, axis=0), color=ORANGE, lw=2, label="mean of six networks")
    axis.plot(line, _truth(line), "--", color=GREEN, label="true probability")
    axis.plot(x, y * 1.14 - 0.07, "|", color="black", alpha=0.5)
    axis.set(xlabel="input", ylabel="probability", ylim=(-0.1, 1.4))
    axis.legend(loc="upper right", ncols=2)
    return figure


def _truth(x):
    return 0.5 + 0.4 * np.sin(1.5 * x)
