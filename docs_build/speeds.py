"""Tables of benchmarks/results, made when the site is built."""

import json
import pathlib

RESULTS = pathlib.Path(__file__).parent.parent / "benchmarks" / "results"


def table(name):
    """Return the table of one stored benchmark.

    Args:
        name: str, the file without its ending, or `FILE NAME` for the rows whose name begins so.
    """
    name, _, chosen = name.partition(" ")
    content = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    if "device" in content:
        return ratios(content, chosen)
    if "tasks" in content:
        return seconds(content)
    return images_per_second(content)


def ratios(content, chosen=""):
    """Return a table of our time over a peer's, of the rows whose name begins with `chosen`."""
    rows = [row for row in content["rows"] if row["name"].startswith(chosen) and "ratio" in row]
    if not rows:
        raise ValueError(f"No row begins with {chosen!r}.")
    lines = ["| Ours | Against | Backend | Shape | Ratio |", "|---|---|---|---|---|"]
    for row in rows:
        note = " (more is better)" if row["more_is_better"] else ""
        lines.append(
            f"| `{row['name']}` | {row['peer']} | {row['backend']} | {row['shape']} | "
            f"{row['ratio']:.2f}{note} |"
        )
    return "\n".join(
        [*lines, "", f"Time of a training step over the peer's, on {content['device']}."]
    )


def images_per_second(content):
    """Return a table of images a second of CPU time, a row for each batch and way."""
    lines = ["| Batch | Threads | What | Images per CPU second |", "|---|---|---|---|"]
    for row in content["rows"]:
        cells = (row["batch"], row["threads"], row["name"], f"{row['per_cpu_second']:,}")
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join([*lines, "", f"On {content['cores']} cores of {content['processor']}."])


def seconds(content):
    """Return a table of seconds, a row for each task."""
    ways = list(next(iter(content["tasks"].values())))
    lines = [f"| Task | {' | '.join(ways)} |", "|---|" + "---|" * len(ways)]
    for task, results in content["tasks"].items():
        cells = (f"{results[way]['seconds']:.1f} s" for way in ways)
        lines.append(f"| {task} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"On {content['cores']} cores of {content['processor']}."])
