"""Images a second per CPU second of the augmentation, against other libraries.

    python benchmarks/augment.py [--images 64] [--rounds 5] [--only NAME]

One process, rounds interleaved, medians. CPU seconds are those of the whole process, so that
threads do not flatter anyone. Peers that are not installed are listed as such.
"""

import argparse
import io
import os
import pathlib
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from augment_ours import OURS
from augment_peers import PEERS
from PIL import Image

PHOTOS = pathlib.Path(__file__).parents[2] / "shared" / "data" / "photos"
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


def cpu_seconds(run):
    """Return the CPU seconds of one call and of what it left to threads in the background."""
    start = time.process_time()
    run()
    quiet = 0
    while quiet < 4:
        before = time.process_time()
        time.sleep(0.1)
        quiet = quiet + 1 if time.process_time() - before < 0.005 else 0
    return time.process_time() - start


def compare(ours, peers, data, rounds):
    """Return images a CPU second by name; a peer that does not run gives its error instead."""
    runs, found = {}, {}
    for name, build in {"ours": ours, **peers}.items():
        try:
            runs[name] = build(data)
            cpu_seconds(runs[name])
        except Exception as error:
            if name == "ours":
                raise
            runs.pop(name, None)
            found[name] = f"not measured: {type(error).__name__}: {error}".replace("\n", " ")[:300]
    times = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(cpu_seconds(run))
    return found | {name: len(data) / statistics.median(taken) for name, taken in times.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=list(GOALS))
    options = parser.parse_args()
    data = encoded_photos(options.images)
    print(f"{'task':<12} {'against':<26} {'ours/CPU s':>10} {'theirs':>8} {'ratio':>7} {'goal':>6}")
    for task in [options.only] if options.only else GOALS:
        found = compare(OURS[task], PEERS[task], data, options.rounds)
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
