"""Speed of the layers as ratios to what exists, forward and backward, in one run.

    python benchmarks/layers.py                      # the backend of Keras, TensorFlow by default
    KERAS_BACKEND=torch python benchmarks/layers.py --only Decorrelated --rounds 30

Prints a table: the medians of interleaved rounds, their ratio, and the ratio that is aimed at.
A ratio travels between machines better than milliseconds do; a busy machine spoils both.
"""

import argparse
import dataclasses
import os
import sys
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from layers_peers import PEERS
from layers_steps import BACKEND, MODES, ratio_of, step_of

from kerasrecipes import layers

# Measured, with no ratio aimed at.
UNBOUNDED = dict.fromkeys(
    [("tensorflow", "graph"), ("tensorflow", "jit"), ("jax", "jit"), ("torch", "eager")]
)
FEATURE_MAPS = ((32, 56, 56, 64), (32, 28, 28, 128))


@dataclasses.dataclass(frozen=True)
class Case:
    """One line of the table: a layer of ours against a peer."""

    name: str
    peer: str  # in words
    ours: Callable  # () -> a layer, a model, or a function of one tensor
    theirs: Callable  # the same, of the peer
    aims: dict  # from (backend, mode) to the ratio aimed at, None where none is set
    shapes: tuple = FEATURE_MAPS


CASES = [
    Case(
        "GroupNormalization(32)",
        "Keras's",
        lambda: layers.GroupNormalization(32),
        lambda: keras.layers.GroupNormalization(32, epsilon=1e-5),
        {
            ("tensorflow", "graph"): 0.35,
            ("tensorflow", "jit"): 0.60,
            ("jax", "jit"): None,
            ("torch", "eager"): None,
        },
    ),
    Case(
        "InstanceNormalization",
        "Keras's groups=-1",
        layers.InstanceNormalization,
        lambda: keras.layers.GroupNormalization(-1, epsilon=1e-5),
        {
            ("tensorflow", "graph"): 1.0,
            ("tensorflow", "jit"): 1.0,
            ("jax", "jit"): 1.0,
            ("torch", "eager"): 1.0,
        },
    ),
    Case(
        "DecorrelatedBatchNormalization(16)",
        "Keras's BatchNormalization",
        lambda: layers.DecorrelatedBatchNormalization(16),
        lambda: keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
        {
            ("tensorflow", "graph"): 1.9,
            ("tensorflow", "jit"): None,
            ("jax", "jit"): None,
            ("torch", "eager"): None,
        },
    ),
    Case(
        "DecorrelatedBatchNormalization(16)",
        "plain PyTorch with eigh",
        lambda: layers.DecorrelatedBatchNormalization(16),
        lambda: PEERS["plain_decorrelation"](16),
        {("torch", "eager"): 0.7},
    ),
    Case(
        "FractionalMaxPooling2D",
        "tf.nn.fractional_max_pool",
        layers.FractionalMaxPooling2D,
        PEERS["tensorflow_fractional_pooling"],
        {("tensorflow", "graph"): 0.5},
    ),
    Case(
        "FractionalMaxPooling2D",
        "PyTorch's",
        layers.FractionalMaxPooling2D,
        PEERS["torch_fractional_pooling"],
        {("torch", "eager"): 0.6},
    ),
    Case(
        "DropConnectDense gaussian",
        "Keras's Dense",
        lambda: layers.DropConnectDense(512, mask="gaussian"),
        lambda: keras.layers.Dense(512),
        {
            ("tensorflow", "graph"): 4.0,
            ("tensorflow", "jit"): 4.0,
            ("jax", "jit"): 4.0,
            ("torch", "eager"): 4.0,
        },
        shapes=((128, 1024),),
    ),
    *(
        Case(
            f"DropConnectDense example, rate {rate}",
            peer,
            lambda rate=rate: layers.DropConnectDense(512, rate),
            make_peer,
            UNBOUNDED,
            shapes=((128, 1024),),
        )
        for rate in (0.5, 0.3)
        for peer, make_peer in (
            ("Keras's Dense", lambda: keras.layers.Dense(512)),
            ("its random words alone", lambda rate=rate: PEERS["random_words"](1024, 512, rate)),
        )
    ),
]


def main(arguments=None):
    """Measure, print, and return the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="names that begin with this")
    parser.add_argument("--rounds", type=int, default=15, help="interleaved rounds")
    options = parser.parse_args(arguments)
    print(f"Keras {keras.version()} on {BACKEND}, {os.cpu_count()} processors, medians of")
    print(f"{options.rounds} interleaved rounds of one training step\n")
    print(f"{'ours':<36}{'against':<28}{'shape':<20}{'mode':<7}{'ms':>8}{'ms':>9}{'ratio':>7}  aim")
    rows = []
    for case in CASES:
        for mode in MODES:
            if not case.name.startswith(options.only) or (BACKEND, mode) not in case.aims:
                continue
            for shape in case.shapes:
                rows.append(measure(case, shape, mode, options.rounds))
    return rows


def measure(case, shape, mode, rounds):
    """Print and return one row."""
    ours, theirs = (step_of(make(), shape, mode) for make in (case.ours, case.theirs))
    ratio, our_time, their_time = ratio_of(ours, theirs, rounds)
    aim = case.aims[BACKEND, mode]
    verdict = "" if aim is None else f"{aim:.2f} {'reached' if ratio <= aim else 'MISSED'}"
    line = f"{case.name:<36}{case.peer:<28}{shape!s:<20}{mode:<7}"
    print(f"{line}{our_time:>8.1f}{their_time:>9.1f}{ratio:>7.2f}  {verdict}", flush=True)
    return case.name, case.peer, shape, mode, ratio, aim


if __name__ == "__main__":
    main()
    sys.exit(0)
