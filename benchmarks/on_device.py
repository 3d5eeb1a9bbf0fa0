"""Images a second of batches that are augmented on the device: ours beside Keras's own layers.

    KERAS_BACKEND=jax python benchmarks/on_device.py [--rounds 7] [--seconds 1]

Arrays of 32x32 in memory, batches of 512: padded crop, mirror image, normalisation; the same with
changed colours. Ours is `augment.OnDevice(...).batches`, Keras's are its layers: on TensorFlow in
one graph, elsewhere as they are, as JAX cannot compile `RandomCrop`, which crops a whole batch at
one place. Rounds take turns, the table has their medians. The json is
`benchmarks/results/on_device_BACKEND_DEVICE.json`; the name is the GPU's, else the processor's.
"""

import argparse
import json
import os
import pathlib
import statistics
import time
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from augment_small import COUNT, MEAN, PADDING, STD, arrays, processor

from kerasrecipes import augment, data

BATCH, STRENGTH = 512, 0.4
RESULTS = pathlib.Path(__file__).parent / "results"
KINDS = ("crop", "crop and colour")


def ours(kind):
    images, labels = arrays()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of test images that are training images
        source = data.load((images, labels, images[:10], labels[:10])).train
    colour = [augment.ColorJitter(STRENGTH, STRENGTH, STRENGTH)] if "colour" in kind else []
    crop = [augment.PadCrop(32, PADDING), augment.RandomFlip()]
    change = augment.OnDevice([*crop, *colour, augment.Normalize(MEAN, STD)])
    return iter(change.batches(source, BATCH, training=True))


def keras_layers(kind):
    images, labels = arrays()
    scale = {f"{part}_factor": STRENGTH for part in ("brightness", "contrast", "saturation")}
    colour = [keras.layers.RandomColorJitter((0, 255), **scale)] if "colour" in kind else []
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.ZeroPadding2D(PADDING),
            keras.layers.RandomCrop(32, 32),
            keras.layers.RandomFlip("horizontal"),
            *colour,
            keras.layers.Normalization(mean=MEAN, variance=np.square(STD)),
        ]
    )
    change, generator = compiled(model), np.random.default_rng(1)
    while True:
        order = generator.permutation(COUNT)
        for chosen in order[: COUNT // BATCH * BATCH].reshape(-1, BATCH):
            yield change(keras.ops.convert_to_tensor(images[chosen], "float32")), labels[chosen]


def compiled(model):
    """A function of images, which TensorFlow compiles."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(lambda images: model(images, training=True))
    return lambda images: model(images, training=True)


CONTESTANTS = {"ours": ours, "Keras layers": keras_layers}


def rate(batches, seconds):
    """Images a second of wall time; the last batch is waited for."""
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        images, labels = next(batches)[:2]
        done += len(labels)
    keras.ops.convert_to_numpy(images)
    return done / (time.perf_counter() - start)


def device():
    """The name of the device and of the processor."""
    if keras.backend.backend() == "jax":
        import jax

        found = jax.devices()[0]
        return found.device_kind if found.platform != "cpu" else processor()
    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else processor()
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details(found[0]) if found else {}
    return details.get("device_name", processor())


def main(rounds, seconds):
    """Print the table, and store it."""
    rows = []
    for kind in KINDS:
        made = {name: make(kind) for name, make in CONTESTANTS.items()}
        for batches in made.values():
            rate(batches, seconds)  # compiles
        rates = {name: [] for name in made}
        for _ in range(rounds):
            for name, batches in made.items():
                rates[name].append(rate(batches, seconds))
        found = {name: round(statistics.median(one)) for name, one in rates.items()}
        ratio = statistics.median(a / b for a, b in zip(*rates.values()))
        rows.append({"transforms": kind, "per_second": found, "ratio": round(ratio, 2)})
        print(f"{kind:<16} {found}, ours / Keras's {ratio:.2f}", flush=True)
    name, backend = device(), keras.backend.backend()
    about = {"device": name, "processor": processor(), "cores": os.cpu_count()}
    about |= {"backend": backend, "batch": BATCH, "rounds": rounds, "rows": rows}
    letters = "".join(letter if letter.isalnum() else "_" for letter in name.lower())
    path = RESULTS / f"on_device_{backend}_{letters}.json"
    path.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    print(f"written: {path.name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0)
    main(**vars(parser.parse_args()))
