"""What the package does on a GPU, in one command of at most 8 minutes.

    python benchmarks/gpu.py                        # JAX, then PyTorch, whichever are installed
    python benchmarks/gpu.py --backends torch --only GroupNormalization

Prints a table with the card's name and writes `benchmarks/results/gpu_CARD.json`. Timed so that
the GPU is the limit: large batches, and many steps before one wait; medians of rounds in which
ours and theirs take turns. A row that no time is left for is skipped, and said to be. Without a
GPU every row runs too, on a small shape and marked so: that tells that it works, nothing of its
speed.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

FOLDER = pathlib.Path(__file__).parent
BACKENDS = ("jax", "torch")
WIDTHS = "{:<7}{:<37}{:<21}{:<20}{:>10}{:>10}{:>8}  {}"


def main(arguments=None):
    """Measure, print, store; return the rows."""
    options = parse(arguments)
    deadline = time.monotonic() + 60 * options.minutes
    print(WIDTHS.format("", "ours", "against", "input", "ours", "theirs", "ratio", "goal"))
    rows, about = [], {}
    for backend in options.backends:
        if importlib.util.find_spec(backend) is None:
            print(f"{backend:<7}is not installed: skipped")
            continue
        for line in lines_of(backend, options, deadline):
            if "device" in line:
                about[backend] = line
                print(f"{backend:<7}{line['device']}, {backend} {line['version']}", flush=True)
            else:
                rows.append({"backend": backend, **line})
                print(text_of(rows[-1]), flush=True)
    if about:
        store(about, rows, pathlib.Path(options.output))
    return rows


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backends", nargs="+", default=list(BACKENDS), choices=BACKENDS)
    parser.add_argument("--only", default="", help="pattern of the names of rows")
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--output", default=FOLDER / "results", help="folder of the json")
    return parser.parse_args(arguments)


def lines_of(backend, options, deadline):
    """Yield what `gpu_rows.py` prints, one dict a line, until the deadline."""
    seconds = max(1.0, deadline - time.monotonic())
    share = seconds if backend == options.backends[-1] else seconds / 2
    command = [sys.executable, "-u", str(FOLDER / "gpu_rows.py"), "--only", options.only]
    command += ["--rounds", str(options.rounds), "--seconds", str(0.8 * share)]
    environment = {
        **os.environ, "KERAS_BACKEND": backend, "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }  # fmt: skip
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        killer = threading.Timer(share, child.kill)
        killer.start()
        for line in child.stdout:
            if line.startswith("{"):
                yield json.loads(line)
        killer.cancel()
    if child.returncode:
        yield {"name": "rows after this", "skipped": f"process ended with {child.returncode}"}


def text_of(row):
    """Return a row of the table."""
    if "skipped" in row:
        return f"{row['backend']:<7}{row['name']:<37}skipped: {row['skipped']}"
    numbers = [f"{row[key]:.4g}" if key in row else "" for key in ("ours", "theirs", "ratio")]
    goal = row.get("goal", "")
    if goal and not row["small"]:
        more = row["more_is_better"]
        reached = row["ratio"] >= goal if more else row["ratio"] <= goal
        goal = f"{'>=' if more else '<='} {goal} {'reached' if reached else 'MISSED'}"
    last = "(small, no GPU)" if row["small"] else f"{goal}"
    shown = (row["backend"], row["name"], row["peer"], row["shape"], *numbers, last)
    return WIDTHS.format(*shown)


def store(about, rows, folder):
    """Write the json of this card; other backends' rows of an earlier run stay."""
    device = next(iter(about.values()))["device"]
    slug = re.sub(r"[^a-z0-9]+", "_", device.lower()).strip("_")
    path = folder / f"gpu_{slug}.json"
    folder.mkdir(parents=True, exist_ok=True)
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"rows": []}
    kept = [row for row in old["rows"] if row["backend"] not in about]
    versions = {**old.get("versions", {}), **{b: line["version"] for b, line in about.items()}}
    result = {"device": device, "versions": versions, "rows": kept + rows}
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"written: {path}")


if __name__ == "__main__":
    main()
