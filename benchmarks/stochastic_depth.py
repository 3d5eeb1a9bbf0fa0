"""A training step of ResNet-110 with stochastic depth, as a ratio to the same network without.

    python benchmarks/stochastic_depth.py            # the backend of Keras, TensorFlow by default
    KERAS_BACKEND=torch python benchmarks/stochastic_depth.py --rounds 20

Final rate 0.5 by the linear rule: 0.745 of the blocks run. Rounds are interleaved; `"batch"`
closes other blocks each step, so that its mean over the rounds is compared, not its median.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from kerasrecipes.models import resnet

BACKEND = keras.backend.backend()
AIMS = {"tensorflow": 0.72, "torch": 0.80, "jax": 1.0}


def main(arguments=None):
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20, help="interleaved rounds")
    parser.add_argument("--depth", type=int, default=110, help="6n + 2")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--modes", nargs="+", default=["subset", "batch"])
    options = parser.parse_args(arguments)
    cases = {"none": step_of(options, 0.0, "subset")}
    cases |= {mode: step_of(options, 0.5, mode) for mode in options.modes}
    times = {name: [] for name in cases}
    for _ in range(options.rounds):
        for name, step in cases.items():
            start = time.perf_counter()
            step()
            times[name].append(1e3 * (time.perf_counter() - start))
    print(f"ResNet-{options.depth}, {options.rounds} rounds, {BACKEND}, aim {AIMS[BACKEND]}")
    whole = {name: statistics.mean(values) for name, values in times.items()}
    for name, mean in whole.items():
        print(f"{name:<8}{mean:>9.0f} ms{mean / whole['none']:>7.2f}", flush=True)
    return whole


def step_of(options, rate, mode):
    """A function of nothing that trains one step; compiled and warm."""
    model = resnet(
        options.depth, (32, 32, 3), 10, stochastic_depth=rate, stochastic_depth_mode=mode, seed=0
    )
    optimizer = keras.optimizers.SGD(0.01, momentum=0.9)
    jit = BACKEND == "jax"
    model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=jit)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(options.batch_size, 32, 32, 3)).astype("float32")
    y = rng.integers(0, 10, options.batch_size)
    for _ in range(2):
        model.train_on_batch(x, y)
    return lambda: model.train_on_batch(x, y)


if __name__ == "__main__":
    main()
