"""Images a second per CPU second of the augmentation, against other libraries.

    python benchmarks/augment.py [--images 64] [--rounds 5] [--only NAME]
    python benchmarks/augment.py --only "32 px"    # arrays: batches 64 to 256, threads 1 and 2

Each contestant has a process of its own, or one would run on the memory that another has warmed
up; rounds are interleaved, and medians taken. CPU seconds are those of the whole process, so that
threads do not flatter anyone. Peers that are not installed are listed as such.
"""

import argparse
import io
import math
import multiprocessing
import os
import pathlib
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import augment_small
import numpy as np
from augment_ours import OURS
from augment_peers import PEERS
from PIL import Image

PHOTOS = pathlib.Path(__file__).parents[2] / "shared" / "data" / "photos"
SMALL = "32 px"
ROUND = 0.3  # CPU seconds, at least, that a contestant is timed for in a round
GOALS = {
    "train": {"simplejpeg, decode alone": 1.0, "torchvision": 3.5, "timm": 2.4, "Keras": 2.7,
              "albumentations": 2.7, "DALI, CPU": 1.5},
    "fifty crops": {"torchvision": 3.0},
    "colour": {"Keras": 13.0, "albumentations": 0.8},
    "erasing": {"Keras": 20.0},
    "mix up": {"Keras": 4.0, "torchvision": 5.0},
    "cut mix": {"Keras": 6.0, "torchvision": 4.0},
    "lighting": {"PyTorch": 3.0},
    "warp": {"Keras": 12.0, "albumentations": 0.8},
}  # fmt: skip


def encoded_photos(count):
    """Return `count` JPEGs of about 500x375: the shared photos, or crops of embedded images."""
    paths = sorted(PHOTOS.glob("*.jpg"))
    if paths:
        return [paths[number % len(paths)].read_bytes() for number in range(count)]
    from skimage import data

    whole = np.concatenate([data.astronaut(), data.rocket()[:, :512], data.coffee()[:, :512]])
    images = []
    for number in range(count):
        top = number * 13 % (len(whole) - 375)
        stream = io.BytesIO()
        Image.fromarray(whole[top : top + 375, :500]).save(stream, "JPEG", quality=92)
        images.append(stream.getvalue())
    return images


def cpu_seconds(run, times=1):
    """Return the CPU seconds of one call, with what it leaves to threads in the background."""
    start = time.process_time()
    for _ in range(times):
        run()
    quiet = 0
    while quiet < 4:
        before = time.process_time()
        time.sleep(0.1)
        quiet = quiet + 1 if time.process_time() - before < 0.005 else 0
    return (time.process_time() - start) / times


def contest(connection, task, name, count):
    """Time a contestant once for each message, in a process of its own; `None` ends it."""
    data = encoded_photos(count)
    try:
        run = (OURS[task] if name == "ours" else PEERS[task][name])(data)
        times = max(1, math.ceil(ROUND / min(cpu_seconds(run) for _ in range(3))))
    except Exception as error:
        message = f"not measured: {type(error).__name__}: {error}".replace("\n", " ")
        connection.send(message[:300])
        return
    connection.send(None)
    while connection.recv():
        connection.send(cpu_seconds(run, times))


def compare(task, count, rounds):
    """Return images a CPU second by name; a peer that does not run gives its error instead."""
    processes, connections, found = multiprocessing.get_context("spawn"), {}, {}
    for name in ["ours", *PEERS[task]]:
        connection, other = processes.Pipe()
        processes.Process(target=contest, args=(other, task, name, count), daemon=True).start()
        other.close()
        failure = connection.recv()
        if failure is None:
            connections[name] = connection
        elif name == "ours":
            raise RuntimeError(failure)
        else:
            found[name] = failure
    times = {name: [] for name in connections}
    for _ in range(rounds):
        for name, connection in connections.items():
            connection.send(True)
            times[name].append(connection.recv())
    for connection in connections.values():
        connection.send(None)
    return found | {name: count / statistics.median(taken) for name, taken in times.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=[*GOALS, SMALL])
    options = parser.parse_args()
    if options.only in (None, SMALL):
        augment_small.main(options.rounds)
    if options.only == SMALL:
        return
    print(f"{'task':<12} {'against':<26} {'ours/CPU s':>10} {'theirs':>8} {'ratio':>7} {'goal':>6}")
    for task in [options.only] if options.only else GOALS:
        found = compare(task, options.images, options.rounds)
        ours = found.pop("ours")
        for name, rate in sorted(found.items(), key=lambda item: str(item[0])):
            goal = GOALS[task].get(name, "")
            if isinstance(rate, str):
                print(f"{task:<12} {name:<26} {ours:>10,.0f} {rate}", flush=True)
                continue
            print(
                f"{task:<12} {name:<26} {ours:>10,.0f} {rate:>8,.0f} {ours / rate:>7.2f} {goal:>6}",
                flush=True,
            )


if __name__ == "__main__":
    main()
