"""Images a second of 32x32 arrays: padded crop, mirror image, normalised batches.

    python benchmarks/augment.py --only "32 px"

Each contestant is an endless iterator over batches in a process of its own, timed in its steady
state, one after the other in each round; the others' buffers are full then, and they wait.
"""

import itertools
import json
import multiprocessing
import os
import pathlib
import platform
import statistics
import time
import warnings

import numpy as np

COUNT, CLASSES, PADDING = 10_000, 10, 4
MEAN, STD = [125.3, 123.0, 113.9], [63.0, 62.1, 66.7]
FOLDER = pathlib.Path(__file__).parent / "results"


def arrays():
    images = np.random.default_rng(0).integers(0, 256, (COUNT, 32, 32, 3), dtype=np.uint8)
    return images, np.arange(COUNT) % CLASSES


def ours(batch, threads, in_memory=True):
    import dataclasses

    from kerasrecipes import augment, data

    images, labels = arrays()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of test images that are training images
        source = data.load((images, labels, images[:10], labels[:10])).train
    source = dataclasses.replace(source, in_memory=in_memory)
    transforms = [augment.PadCrop(32, PADDING), augment.RandomFlip(), augment.Normalize(MEAN, STD)]
    return iter(augment.pipeline(source, transforms, batch, training=True, threads=threads))


def ours_one_by_one(batch, threads):
    return ours(batch, threads, in_memory=False)


def numpy_one_liner(batch, threads):
    images, labels = arrays()
    generator, mean, std = np.random.default_rng(1), np.float32(MEAN), np.float32(STD)
    border = [(0, 0), (PADDING, PADDING), (PADDING, PADDING), (0, 0)]
    here, side = np.arange(batch)[:, None, None], np.arange(32)
    while True:
        order = generator.permutation(COUNT)
        for chosen in order[: COUNT // batch * batch].reshape(-1, batch):
            top, left = generator.integers(0, 2 * PADDING + 1, (2, batch, 1))
            columns = np.where(generator.random((batch, 1)) < 0.5, side[::-1], side) + left
            padded = np.pad(images[chosen], border)
            crops = padded[here, (top + side)[:, :, None], columns[:, None, :]]
            yield (crops.astype("float32") - mean) / std, labels[chosen]


def keras_layers(batch, threads):
    import keras
    import tensorflow as tf

    layers = [
        keras.layers.ZeroPadding2D(PADDING),
        keras.layers.RandomCrop(32, 32),
        keras.layers.RandomFlip("horizontal"),
        keras.layers.Normalization(mean=MEAN, variance=np.square(STD)),
    ]

    def change(images, labels):
        for layer in layers:
            images = layer(images)
        return images, labels

    dataset = tf.data.Dataset.from_tensor_slices(arrays()).shuffle(COUNT).repeat().batch(batch)
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    dataset = dataset.map(change, num_parallel_calls=threads).prefetch(2)
    return iter(dataset.with_options(options))


def albumentations(batch, threads):
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    import albumentations as album
    import cv2

    cv2.setNumThreads(1)
    side = 32 + 2 * PADDING
    change = album.Compose(
        [
            album.PadIfNeeded(side, side, border_mode=cv2.BORDER_CONSTANT),
            album.RandomCrop(32, 32),
            album.HorizontalFlip(),
            album.Normalize(MEAN, STD, 1.0),
        ]
    )
    images, labels = arrays()
    generator = np.random.default_rng(1)
    while True:
        order = generator.permutation(COUNT)
        for chosen in order[: COUNT // batch * batch].reshape(-1, batch):
            yield np.stack([change(image=images[one])["image"] for one in chosen]), labels[chosen]


CONTESTANTS = {
    "ours": ours,
    "ours, one by one": ours_one_by_one,
    "NumPy one-liner": numpy_one_liner,
    "Keras layers": keras_layers,
    "albumentations": albumentations,
}
ONE_THREAD = ("NumPy one-liner", "albumentations")


def contest(connection, name, batch, threads, seconds):
    """Send (images a CPU second, images a second of wall time) for each message that is true."""
    try:
        batches = CONTESTANTS[name](batch, threads)
        warm = COUNT // batch + 20 if name.startswith("ours") else 5  # XLA compiles for the last
        _timed(batches, seconds, warm)
    except Exception as error:
        connection.send(f"{type(error).__name__}: {error}".replace("\n", " ")[:200])
        return
    connection.send(None)
    while connection.recv():
        connection.send(_timed(batches, seconds, threads + 3))


def _timed(batches, seconds, skipped):
    for _ in itertools.repeat(None, skipped):
        next(batches)
    start, cpu, done = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - start < seconds:
        done += len(next(batches)[1])
    return done / (time.process_time() - cpu), done / (time.perf_counter() - start)


def compare(batch, threads, rounds, seconds):
    """Return (images a CPU second, a second) by name, medians; or the error of one."""
    processes, connections, found = multiprocessing.get_context("spawn"), {}, {}
    for name in CONTESTANTS:
        if threads > 1 and name in ONE_THREAD:
            continue
        connection, other = processes.Pipe()
        arguments = (other, name, batch, threads, seconds)
        processes.Process(target=contest, args=arguments, daemon=True).start()
        other.close()
        found[name] = connection.recv()
        if found[name] is None:
            connections[name], found[name] = connection, []
    for _ in range(rounds):
        for name, connection in connections.items():
            connection.send(True)
            found[name].append(connection.recv())
    for connection in connections.values():
        connection.send(False)
    return {
        name: [statistics.median(part) for part in zip(*rates)] if name in connections else rates
        for name, rates in found.items()
    }


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def main(rounds, seconds=0.5, batches=(64, 128, 256), threads=(1, 2)):
    """Print the table, and store it beside the processor's name."""
    print(f"{'batch':>5} {'threads':>7} {'who':<18} {'/CPU s':>9} {'/s':>9} {'ours / theirs':>14}")
    rows = []
    for batch, thread_count in itertools.product(batches, threads):
        found = compare(batch, thread_count, rounds, seconds)
        for name, rates in found.items():
            row = {"batch": batch, "threads": thread_count, "name": name}
            if isinstance(rates, str):
                print(f"{batch:>5} {thread_count:>7} {name:<18} not measured: {rates}", flush=True)
                rows.append(row | {"error": rates})
                continue
            cpu, wall = rates
            ratio = "" if name == "ours" else f"{found['ours'][0] / cpu:.1f}"
            print(
                f"{batch:>5} {thread_count:>7} {name:<18} {cpu:>9,.0f} {wall:>9,.0f} {ratio:>14}",
                flush=True,
            )
            rows.append(row | {"per_cpu_second": round(cpu), "per_second": round(wall)})
    about = {"processor": processor(), "cores": os.cpu_count(), "rounds": rounds}
    name = "".join(letter if letter.isalnum() else "_" for letter in processor().lower())
    path = FOLDER / f"augment_32px_{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(about | {"rows": rows}, indent=1) + "\n", encoding="utf-8")
    print(f"written: {path.name}")
