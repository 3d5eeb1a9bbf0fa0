"""The rows of `gpu.py` for one backend, a line of JSON each; `gpu.py` starts it."""

import argparse
import json
import platform
import re
import time

import keras
from gpu_fits import FIT_ROWS
from layers_peers import PEERS
from layers_steps import BACKEND, launched, ratio_of_many

from kerasrecipes import layers
from kerasrecipes._backend.accelerator import accelerator

SMALL = accelerator()[0] == "cpu"
MAPS = ((32, 56, 56, 64), (256, 56, 56, 64))
VECTORS = ((128, 1024),)


def group():
    return layers.GroupNormalization(32 if not SMALL else 4)


def keras_group():
    return keras.layers.GroupNormalization(32 if not SMALL else 4, epsilon=1e-5)


def keras_instance():
    return keras.layers.GroupNormalization(-1, epsilon=1e-5)


def batch_normalization():
    return keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)


def drop_connect(**options):
    return lambda: layers.DropConnectDense(512, **options)


# Name, peer, ours, theirs, inputs, and the goals by backend: ratios of time, less is better. A
# backend without an entry skips the row.
LAYER_ROWS = [
    ("GroupNormalization(32)", "Keras's", group, keras_group, MAPS, {"jax": 0.9, "torch": 1.0}),
    ("InstanceNormalization", "Keras's groups=-1", layers.InstanceNormalization, keras_instance,
     MAPS, {"jax": None, "torch": 1.0}),
    ("DecorrelatedBatchNormalization(16)", "BatchNormalization",
     layers.DecorrelatedBatchNormalization, batch_normalization, MAPS,
     {"jax": 1.5, "torch": None}),
    ("DecorrelatedBatchNormalization(16)", "plain eigh", layers.DecorrelatedBatchNormalization,
     lambda: PEERS["plain_decorrelation"](16), MAPS, {"torch": 0.7}),
    ("FractionalMaxPooling2D", "PyTorch's", layers.FractionalMaxPooling2D,
     PEERS["torch_fractional_pooling"], (*MAPS, (1024, 56, 56, 64)), {"torch": 1.0}),
    ("DropConnectDense example", "Dense", drop_connect(), lambda: keras.layers.Dense(512), VECTORS,
     {"jax": 3.0, "torch": 3.0}),
    ("DropConnectDense example, rate 0.3", "Dense", drop_connect(rate=0.3),
     lambda: keras.layers.Dense(512), VECTORS, {"jax": None, "torch": None}),
    ("DropConnectDense gaussian", "Dense", drop_connect(mask="gaussian"),
     lambda: keras.layers.Dense(512), VECTORS, {"jax": None, "torch": None}),
]  # fmt: skip


def main(arguments=None):
    """Print the device, then the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=240, help="no row starts later")
    options = parser.parse_args(arguments)
    deadline = time.monotonic() + options.seconds
    show({"device": device_name(), "version": version()})
    rows = [row for row in LAYER_ROWS if BACKEND in row[5] and re.match(options.only, row[0])]
    for row in rows:
        for shape in row[4][: 1 if SMALL else None]:
            guarded(row[0], deadline, lambda row=row, shape=shape: layer_row(row, shape, options))
    for name, measure in FIT_ROWS.items():
        if re.match(options.only, name):
            guarded(name, deadline, lambda measure=measure: measure(SMALL, options.rounds))


def guarded(name, deadline, measure):
    """Show one row, or why there is none: other rows are worth having."""
    if time.monotonic() > deadline:
        show({"name": name, "skipped": "no time left"})
        return
    try:
        show({"name": name, "small": SMALL, **measure()})
    except Exception as error:
        show({"name": name, "skipped": f"{type(error).__name__}: {str(error)[:300]}"})


def layer_row(row, shape, options):
    _, peer, ours, theirs, _, goals = row
    if SMALL:
        shape = (4, *(8 if len(shape) == 4 else 32 for _ in shape[1:-1]), 32)
    steps = [launched(make(), shape) for make in (ours, theirs)]
    ratio, our_time, their_time = ratio_of_many(*steps, options.rounds, 0.001 if SMALL else 0.05)
    result = {"peer": peer, "shape": str(shape), "ours": our_time, "theirs": their_time}
    result |= {"unit": "ms", "ratio": ratio, "more_is_better": False}
    return result | ({"goal": goals[BACKEND]} if goals[BACKEND] else {})


def show(line):
    print(json.dumps(line), flush=True)


def device_name():
    if SMALL:
        return f"no GPU: {processor()}"
    if BACKEND == "jax":
        import jax

        return jax.devices()[0].device_kind
    import torch

    return torch.cuda.get_device_name()


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(one.split(":")[1].strip() for one in lines if one.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def version():
    return __import__(BACKEND).__version__


if __name__ == "__main__":
    main()
