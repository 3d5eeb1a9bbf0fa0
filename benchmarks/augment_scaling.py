"""Images a second of JPEG files by the number of threads, and what an image costs in series.

    python benchmarks/augment_scaling.py FOLDER [--batches 64,256] [--rounds 3]

FOLDER has class folders of JPEGs. The train crop of `benchmarks/augment.py` (random scale, 224,
mirror image), as normalised float32 and as uint8, through `augment.pipeline` at 1, 2, 4, ...
threads: images a second of wall time and of CPU time. "Ready" is the same pipeline on a transform
that returns one fixed image: what is left are order, labels, putting batches together and handing
them over, microseconds of wall time an image. The json goes to
`benchmarks/results/augment_scaling_PROCESSOR.json`.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from augment_small import processor

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
SECONDS = 2.0  # of wall time, at least, in a round
RESULTS = pathlib.Path(__file__).parent / "results"


class Ready:
    """Returns one fixed image of the size of the crop, whatever it is given."""

    fixes_size, takes_bytes = True, True

    def __call__(self, image, seed=None):
        import tensorflow as tf

        return tf.zeros([224, 224, 3])


def batches(folder, batch, threads, dtype, ready):
    from kerasrecipes import augment, data

    crop = Ready() if ready else augment.RandomScaleCrop(224, channels=3)
    transforms, options = [crop, augment.RandomFlip()], {}
    if dtype == "uint8":
        options["dtype"] = dtype
    else:
        transforms.append(augment.Normalize(MEAN, STD))
    images = data.load(folder).train
    return augment.pipeline(
        images, transforms, batch, training=True, threads=threads, drop_remainder=True, **options
    )


def measure(*arguments):
    """Return (images a second of wall time, of CPU time) of `batches(*arguments)`."""
    iterator = iter(batches(*arguments))
    for _ in range(8):  # compiled, and its buffers drained
        next(iterator)
    begin, cpu, images = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - begin < SECONDS:
        images += len(next(iterator)[1])
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    return images / wall, images / cpu


def in_own_process(arguments):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply_async(measure, arguments).get(600)  # a killed child never answers


def rows(folder, sizes, rounds):
    """Return a list of measured rows; the rounds of all rows are interleaved."""
    threads, cores = [1], os.cpu_count()
    while threads[-1] < cores:
        threads.append(min(2 * threads[-1], cores))
    kinds = [
        (batch, dtype, count, ready)
        for batch in sizes
        for dtype in ("float32", "uint8")
        for count, ready in [*((count, False) for count in threads), (cores, True)]
    ]
    found = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for batch, dtype, count, ready in kinds:
            measured = in_own_process((folder, batch, count, dtype, ready))
            found[batch, dtype, count, ready].append(measured)
    return [_row(kind, measured) for kind, measured in found.items()]


def _row(kind, measured):
    batch, dtype, threads, ready = kind
    wall, cpu = (statistics.median(values) for values in zip(*measured))
    row = {"batch": batch, "dtype": dtype, "threads": threads, "ready": ready}
    if ready:
        return {**row, "microseconds_an_image": round(1e6 / wall, 1)}
    return {**row, "images_a_second": round(wall), "images_a_cpu_second": round(cpu)}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--batches", default="64,256")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    found = rows(options.folder, [int(n) for n in options.batches.split(",")], options.rounds)
    for row in found:
        print(*(f"{key}={value}" for key, value in row.items()))
    name = processor()
    word = "".join(letter if letter.isalnum() else "_" for letter in name.lower())
    path = RESULTS / f"augment_scaling_{word.strip('_')}.json"
    content = {"processor": name, "cores": os.cpu_count(), "rounds": options.rounds, "rows": found}
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(path)


if __name__ == "__main__":
    main()
