"""The table of `claims.py`, from the stored runs."""

import json
import pathlib
import statistics

from kerasrecipes.evaluation import mean_interval
from kerasrecipes.experiment.results import between

BEGIN, END = "<!-- claims begin -->", "<!-- claims end -->"
HEADER = ("Claim", "Technique", "Against", "Accuracy", "Difference in points", "Loss",
          "Calibration error", "Seeds", "Processor seconds", "Paper")  # fmt: skip


def runs_of(folder, name):
    """Return the stored runs of a claim, by seed."""
    paths = (pathlib.Path(folder) / name).glob("seed_*.json")
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    return sorted(runs, key=lambda run: run["seed"])


def pairs_of(claim, runs):
    """Return the (baseline, technique) pairs that are compared."""
    first, *others = runs[0]["arms"]
    return claim.pairs or tuple((first, other) for other in others)


def differences(runs, pair, measure):
    """Return the technique's measure minus the baseline's, seed by seed."""
    baseline, technique = pair
    return [run["arms"][technique][measure] - run["arms"][baseline][measure] for run in runs]


def is_open(claim, runs):
    """Whether a difference of accuracy may be 0 by its 95% interval, or has none yet."""
    if len(runs) < 2:
        return True
    intervals = [mean_interval(differences(runs, p, "accuracy")) for p in pairs_of(claim, runs)]
    return any(one.low <= 0 <= one.high for one in intervals)


def table(claims, folder):
    """Return a Markdown table, a row for each pair of each claim of two seeds or more."""
    lines = [f"| {' | '.join(HEADER)} |", "|---" * len(HEADER) + "|"]
    for claim in claims:
        runs = runs_of(folder, claim.name)
        if len(runs) < 2:
            continue
        for number, pair in enumerate(pairs_of(claim, runs)):
            cells = _cells(runs, pair)
            about = (claim.name.replace("_", " "), claim.paper) if number == 0 else ("", "")
            lines.append(f"| {' | '.join([about[0], *cells, about[1]])} |")
    return "\n".join(lines)


def settings(claims, folder):
    """Return a Markdown list of what was trained for each claim in the table."""
    return "\n".join(
        f"- {claim.name.replace('_', ' ')}: {claim.setting}"
        for claim in claims
        if len(runs_of(folder, claim.name)) > 1
    )


def with_table(text, claims, folder):
    """Return a page with the table and the settings between its two markers."""
    content = f"{table(claims, folder)}\n\n{settings(claims, folder)}"
    return between(text, BEGIN, END, content)


def _cells(runs, pair):
    baseline, technique = pair
    accuracy = mean_interval([100 * value for value in differences(runs, pair, "accuracy")])
    loss = mean_interval(differences(runs, pair, "loss"))
    mean = {arm: _means(runs, arm) for arm in pair}
    return [
        technique, baseline,
        "{:.4f} against {:.4f}".format(*(mean[arm]["accuracy"] for arm in reversed(pair))),
        f"{accuracy.mean:+.2f} ({accuracy.low:+.2f} to {accuracy.high:+.2f})",
        f"{loss.mean:+.3f} ({loss.low:+.3f} to {loss.high:+.3f})",
        "{:.3f} against {:.3f}".format(*(mean[arm]["calibration_error"] for arm in reversed(pair))),
        str(len(runs)),
        "{:.0f} against {:.0f}".format(*(mean[arm]["processor_seconds"] for arm in reversed(pair))),
    ]  # fmt: skip


def _means(runs, arm):
    return {
        key: statistics.mean(run["arms"][arm][key] for run in runs) for key in runs[0]["arms"][arm]
    }
