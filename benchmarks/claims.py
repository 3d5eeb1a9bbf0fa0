"""What the techniques give: each against a baseline on the same images, weights, seeds and epochs.

    python benchmarks/claims.py --data fashion_mnist.npz --cifar10 cifar10.npz
    python benchmarks/claims.py --data fashion_mnist.npz --only sgdr drop_connect --seeds 10
    python benchmarks/claims.py --table

Each seed draws its own training images and weights; all 10,000 test images are tested. A run is
one seed of one claim and a file `results/claims/CLAIM/seed_N.json`: what is there is not trained
again, so a killed command goes on where it stopped. After `--seeds` of each, claims whose 95%
interval (Student's t of the paired differences) contains 0 get as many as `--most-seeds`. Claims
that need a data set that is not given are left out, and said to be. `--table` writes the page
`docs/evidence/claims.md`. Networks are small and trainings short, so that all of it fits a CPU:
they say what a technique gives there, beside what the paper found at its size.
"""

import argparse
import gc
import json
import os
import pathlib
import platform
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from claims_augmentation import CLAIMS as AUGMENTATION
from claims_layers import CLAIMS as LAYERS
from claims_runs import drawn
from claims_table import is_open, runs_of, with_table
from claims_trainings import CLAIMS as TRAININGS
from claims_transfer import CLAIMS as TRANSFER

FOLDER = pathlib.Path(__file__).parent / "results" / "claims"
PAGE = pathlib.Path(__file__).parent.parent / "docs" / "evidence" / "claims.md"
CLAIMS = (*TRAININGS, *AUGMENTATION, *LAYERS, *TRANSFER)


def main(arguments=None):
    """Run what is missing, or write the table."""
    options = parse(arguments)
    if options.table:
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(with_table(text, CLAIMS, options.results), encoding="utf-8")
        return
    chosen = [claim for claim in CLAIMS if claim.name in (options.only or [claim.name])]
    paths = {"fashion_mnist": options.data, "cifar10": options.cifar10}
    for claim in [claim for claim in chosen if not paths[claim.data]]:
        print(f"{claim.name}: needs {claim.data}, left out")
    chosen = [claim for claim in chosen if paths[claim.data]]
    loaded = {name: arrays(paths[name]) for name in {claim.data for claim in chosen}}
    for claim in chosen:
        for seed in range(options.seeds):
            run(claim, loaded[claim.data], seed, options.results)
    for claim in chosen:
        if is_open(claim, runs_of(options.results, claim.name)):
            for seed in range(options.seeds, options.most_seeds):
                run(claim, loaded[claim.data], seed, options.results)


def parse(arguments):
    names = [claim.name for claim in CLAIMS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="fashion_mnist.npz: x_train, y_train, x_test, y_test")
    parser.add_argument("--cifar10", help="cifar10.npz, of the same form")
    parser.add_argument("--only", nargs="+", choices=names, metavar="CLAIM", help=", ".join(names))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--most-seeds", type=int, default=10)
    parser.add_argument("--results", type=pathlib.Path, default=FOLDER, help="folder of the json")
    parser.add_argument("--table", action="store_true", help="write docs/evidence/claims.md")
    options = parser.parse_args(arguments)
    if not (options.table or options.data or options.cifar10):
        parser.error("one of --data, --cifar10 and --table is needed")
    return options


def arrays(path):
    """Return the arrays of a data set; images have a channel."""
    with np.load(path) as file:
        found = {name: file[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    for name in ("x_train", "x_test"):
        found[name] = found[name].reshape(*found[name].shape[:3], -1)
    return found


def run(claim, data, seed, folder):
    """Measure one seed of a claim, unless it is stored; write its file."""
    path = folder / claim.name / f"seed_{seed}.json"
    if path.exists():
        stored = json.loads(path.read_text(encoding="utf-8"))["setting"]
        if stored != claim.setting:
            sys.exit(f"{path} is of another setting: {stored}\nRemove it to measure again.")
        return
    images = drawn(data, claim.count, seed)
    keras.utils.set_random_seed(seed)
    content = {
        "claim": claim.name, "setting": claim.setting, "seed": seed, "machine": machine(),
        "test_images": len(images.y_test), "arms": claim.measure(images),
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)
    shown = ", ".join(f"{name} {arm['accuracy']:.4f}" for name, arm in content["arms"].items())
    print(f"{claim.name}, seed {seed}: {shown}", flush=True)
    keras.utils.clear_session(free_memory=False)
    gc.collect()


def machine():
    """Return the processor, its cores and the versions."""
    processor = platform.processor() or platform.machine()
    if pathlib.Path("/proc/cpuinfo").exists():
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        processor = models[0] if models else processor
    backend = keras.backend.backend()
    versions = {"keras": keras.__version__, backend: sys.modules[backend].__version__}
    return {"processor": processor, "cores": os.cpu_count(), "versions": versions}


if __name__ == "__main__":
    main()
