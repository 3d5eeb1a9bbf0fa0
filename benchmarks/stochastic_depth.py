"""A training step of ResNet-110 with stochastic depth, as a ratio to the same network without.

    python benchmarks/stochastic_depth.py            # the backend of Keras, TensorFlow by default
    KERAS_BACKEND=torch python benchmarks/stochastic_depth.py --rounds 20
    XLA_FLAGS=--xla_disable_hlo_passes=fusion KERAS_BACKEND=jax \
        python benchmarks/stochastic_depth.py --batch-size 32

Final rate 0.5 by the linear rule: 0.745 of the blocks are open, give or take 3 of 54 in a step.
So that the luck of the draw is not measured, the gates of "batch" are set, through the states of
their seed generators: each block is open as often as its rate says, and each step has the
expected number open, 40 or 41 of 54. Indented below it: all open, none, one stage alone.

The last line is the floor, were all else free: the open blocks' share of the blocks' time. It is
above 0.745 because the first blocks, which the linear rule keeps, take the longest on a CPU.
Medians of interleaved rounds. On PyTorch with glibc, memory that is handed back and faulted in
again between unlike steps adds to "batch": 0.84 and 0.87 in two runs, against 0.78 to 0.81 in
three with MALLOC_TOP_PAD_=67108864 MALLOC_MMAP_THRESHOLD_=33554432
MALLOC_TRIM_THRESHOLD_=17179869184. On JAX, XLA for CPUs compiles the gradients of convolutions
under a gate to plain loops: there "subset" is the mode.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from kerasrecipes.layers import StochasticDepth, linear_drop_rates
from kerasrecipes.models import resnet

BACKEND = keras.backend.backend()
AIMS = {"tensorflow": 0.72, "torch": 0.80, "jax": 1.0}
FINAL_RATE = 0.5


def main(arguments=None):
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10, help="interleaved rounds")
    parser.add_argument("--depth", type=int, default=110, help="6n + 2")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--modes", nargs="+", default=["subset", "batch"])
    options = parser.parse_args(arguments)
    steps = {"none": step_of(network(options, 0.0, "subset"), options)}
    if "subset" in options.modes:
        steps["subset"] = step_of(network(options, FINAL_RATE, "subset"), options)
    if "batch" in options.modes:
        steps |= gated_steps(network(options, FINAL_RATE, "batch"), options)
    times = {name: [] for name in steps}
    for _ in range(options.rounds):
        for name, step in steps.items():
            times[name].append(step())
    print(f"ResNet-{options.depth}, {options.rounds} rounds, {BACKEND}, aim {AIMS[BACKEND]}")
    whole = {name: statistics.median(values) for name, values in times.items()}
    for name, middle in whole.items():
        print(f"{name:<18}{middle:>9.0f} ms{middle / whole['none']:>7.2f}", flush=True)
    if "batch" in options.modes:
        print_share(whole, rates_of(options).reshape(3, -1))
    return whole


def network(options, rate, mode):
    """The compiled network."""
    model = resnet(
        options.depth, (32, 32, 3), 10, stochastic_depth=rate, stochastic_depth_mode=mode, seed=0
    )
    optimizer = keras.optimizers.SGD(0.01, momentum=0.9)
    jit = BACKEND == "jax"
    model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=jit)
    return model


def step_of(model, options, prepare=None):
    """A function that returns the milliseconds of one step; compiled and warm."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(options.batch_size, 32, 32, 3)).astype("float32")
    y = rng.integers(0, 10, options.batch_size)

    def step():
        if prepare is not None:
            prepare()
        start = time.perf_counter()
        model.train_on_batch(x, y)
        return 1e3 * (time.perf_counter() - start)

    step(), step()
    return step


def gated_steps(model, options):
    """Steps of one network with the expected number of its gates open, all, none, one stage."""
    rates = rates_of(options)
    set_gates = gates_of(model, rates)
    rng = np.random.default_rng(0)
    steps = {"batch": step_of(model, options, lambda: set_gates(draw(1 - rates, rng)))}
    patterns = {"all open": np.ones(len(rates), bool), "all closed": np.zeros(len(rates), bool)}
    for stage in range(3):
        patterns[f"stage {stage + 1} open"] = np.arange(len(rates)) // (len(rates) // 3) == stage
    for name, pattern in patterns.items():
        steps[f"  {name}"] = step_of(model, options, lambda gates=pattern: set_gates(gates))
    return steps


def rates_of(options):
    """The drop rates of the blocks."""
    return np.array(linear_drop_rates((options.depth - 2) // 2, FINAL_RATE))


def draw(probabilities, rng):
    """Systematic sampling: each with its probability, as many in all as expected."""
    return np.diff(np.floor(np.concatenate([[0], np.cumsum(probabilities)]) + rng.random())) > 0


def gates_of(model, rates):
    """A function that opens and closes the blocks by seeds whose next draw does so."""
    blocks = [layer for layer in model.layers if isinstance(layer, StochasticDepth)]
    draws = [float(keras.random.uniform((), seed=seed)) for seed in range(1000)]
    closing, opening = int(np.argmin(draws)), int(np.argmax(draws))
    assert len(blocks) == len(rates) and draws[closing] < min(rates) <= max(rates) < draws[opening]

    def set_gates(gates):
        for block, is_open in zip(blocks, gates):
            state = np.array([opening if is_open else closing, 0], "uint32")
            block.seed_generator.state.assign(state)

    return set_gates


def print_share(whole, rates):
    """Milliseconds a block, by stage, and the open blocks' share of all blocks' time."""
    stages = [whole[f"  stage {stage} open"] - whole["  all closed"] for stage in (1, 2, 3)]
    blocks = [stage / rates.shape[1] for stage in stages]
    share = np.dot(stages, 1 - rates.mean(axis=1)) / sum(stages)
    print("a block, by stage: " + ", ".join(f"{block:.1f}" for block in blocks) + " ms")
    print(f"open: {1 - rates.mean():.3f} of the blocks, {share:.3f} of their time")


if __name__ == "__main__":
    main()
