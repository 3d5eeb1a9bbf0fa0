"""What techniques gave: tables from recipes/results, made when the site is built."""

import json
import math
import pathlib
import statistics

from kerasrecipes.evaluation import mean_interval
from kerasrecipes.evaluation.how_good import wilson_interval
from kerasrecipes.experiment.results import table

ROOT = pathlib.Path(__file__).parent.parent
RESULTS = ROOT / "recipes" / "results"
CLAIMS = ROOT / "benchmarks" / "results" / "claims"
KEYS = {"result", "test", "against", "paper"}


def fields_of(body):
    """Return {key: value} of the lines `key: value` of a block.

    Raises:
        ValueError: If a key is unknown.
    """
    fields = dict(line.split(": ", 1) for line in body.strip().splitlines())
    if set(fields) - KEYS:
        raise ValueError(f"A block `measured` has the keys {KEYS}. Received: {sorted(fields)}")
    return fields


def gain(body, page):
    """Return the table of a card: accuracy with a technique and without, and what it costs.

    Args:
        body: str, lines `result: NAME`, `test: NAME`, `against: NAME` and `paper: SENTENCE`;
            without the third no gain, without the first three the paper's alone.
        page: str, the page of the site, whose links begin there.
    """
    fields = fields_of(body)
    paper = f"**In the paper**: {fields['paper']}" if "paper" in fields else ""
    if "result" not in fields:
        return paper
    content = json.loads((RESULTS / f"{fields['result']}.json").read_text(encoding="utf-8"))
    names = [fields[key] for key in ("against", "test") if key in fields]
    tests = [tests_of(content, name) for name in names]
    gained = f"{difference_of(*tests)} " if len(tests) == 2 else ""
    return f"{table_of(names, tests)}\n\n{gained}{origin_of(content, page)}\n\n{paper}"


def table_of(names, tests):
    """Return a table with a row for each test: accuracy, loss, calibration if measured, speed."""
    columns = {"Accuracy (95% interval)": accuracy_of}
    for title, key, form in (
        ("Loss", "loss", "{:.3f}"),
        ("Calibration error", "calibration_error", "{:.3f}"),
        ("Images per second", "images_per_second", "{:,.0f}"),
    ):
        if all(key in run for runs in tests for run in runs):
            columns[title] = lambda runs, key=key, form=form: form.format(mean_of(runs, key))
    lines = [f"| Test | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for name, runs in zip(names, tests):
        lines.append(f"| {name} | {' | '.join(cell(runs) for cell in columns.values())} |")
    return "\n".join(lines)


def mean_of(tests, key):
    """Return the mean of one figure over the runs."""
    return statistics.mean(test[key] for test in tests)


def tests_of(content, name):
    """Return the results of one test, one for each run; names have spaces for underscores.

    Raises:
        ValueError: If there is no such test.
    """
    found = [
        {test.replace("_", " "): result for test, result in run["test"]["protocols"].items()}
        for run in content["runs"]
    ]
    if name not in found[0]:
        raise ValueError(f"The tests are {sorted(found[0])}. Received: {name!r}")
    return [tests[name] for tests in found]


def accuracy_of(tests):
    """Return the mean accuracy of some runs with its interval, in words."""
    mean = mean_of(tests, "accuracy")
    low, high = wilson_interval(mean * tests[0]["images"], tests[0]["images"])
    return f"{mean:.1%} ({low:.1%} to {high:.1%})"


def difference_of(plain, ours):
    """Return the sentence on the gain: its interval, and the gain of each seed."""
    before, after = (mean_of(tests, "accuracy") for tests in (plain, ours))
    images = ours[0]["images"]
    low, high = newcombe_interval((before * images, images), (after * images, images))
    seeds = [100 * (b["accuracy"] - a["accuracy"]) for a, b in zip(plain, ours)]
    by_seed = ", ".join(f"{points:+.1f}" for points in seeds)
    return (
        f"Gain: **{100 * (after - before):+.1f} points** (95% interval {100 * low:+.1f} to "
        f"{100 * high:+.1f}; by run {by_seed})."
    )


def newcombe_interval(before, after):
    """Return Newcombe's 95% interval of the difference of two fractions, (successes, count) each.

    It takes the two tests as independent. They share their images, so it is rather too wide.

    >>> [round(bound, 4) for bound in newcombe_interval((48, 80), (56, 70))]
    [0.0524, 0.3339]

    Reference: Newcombe, 1998, Interval estimation for the difference between independent
    proportions, method 10, whose table II has this example.
    """
    (low_b, high_b), (low_a, high_a) = wilson_interval(*before), wilson_interval(*after)
    fraction_b, fraction_a = (successes / count for successes, count in (before, after))
    below = math.hypot(fraction_a - low_a, high_b - fraction_b)
    above = math.hypot(high_a - fraction_a, fraction_b - low_b)
    return fraction_a - fraction_b - below, fraction_a - fraction_b + above


def origin_of(content, page):
    """Return the sentence on where the numbers come from."""
    runs, up = content["runs"], "../" * page.count("/")
    images = runs[0]["test"]["images"]
    seeds = ", ".join(str(run["seed"]) for run in runs)
    many = content["config"].get("seeds")
    if many and "ablate" not in content["config"]:  # there the seeds are the ablation's
        seeds = f"{seeds} and following: each figure is the mean of {many} trainings"
    seconds = statistics.mean(run["seconds"] for run in runs)
    return (
        f"From `{content['command']}` ([source]({up}recipes/{content['recipe']}.md)), "
        f"{images:,} test images of {content['data']}, seeds {seeds}; "
        f"{seconds:,.0f} seconds a run on two CPU cores."
    )


def claim(name, page):
    """Return the table of a claim: every arm against the first, by paired seeds.

    Args:
        name: str, a folder of benchmarks/results/claims. With fewer than two seeds, or none, the
            table is left out.
        page: str, the page of the site, whose links begin there.
    """
    paths = sorted((CLAIMS / name).glob("seed_*.json"))
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    if len(runs) < 2:
        return ""
    first, *others = runs[0]["arms"]
    head = f"| Technique | Accuracy | Points over {first} (95% interval) | Loss |"
    lines = [head, "|---|---|---|---|"]
    for arm in (first, *others):
        accuracy, loss = (
            statistics.mean(run["arms"][arm][key] for run in runs) for key in ("accuracy", "loss")
        )
        gains = [100 * (r["arms"][arm]["accuracy"] - r["arms"][first]["accuracy"]) for r in runs]
        shown = mean_interval(gains)
        gained = f"{shown.mean:+.2f} ({shown.low:+.2f} to {shown.high:+.2f})"
        lines.append(f"| {arm} | {accuracy:.2%} | {gained if arm != first else ''} | {loss:.3f} |")
    up, setting = "../" * page.count("/"), runs[0]["setting"].rstrip(".")
    origin = (
        f"From [claims]({up}evidence/claims.md): {setting}; {len(runs)} paired seeds, "
        f"{runs[0]['test_images']:,} test images."
    )
    return "\n".join([*lines, "", origin])


def rows_of_recipe(recipe):
    """Return the table of all stored results of a recipe, or "" if there are none."""
    names = [
        path.stem
        for path in sorted(RESULTS.glob("*.json"))
        if json.loads(path.read_text(encoding="utf-8"))["recipe"] == recipe
    ]
    head, rule, *rows = table(RESULTS).splitlines()
    command = f"`python recipes/{recipe}.py"
    rows = [row for row in rows if row.startswith((f"| {command}`", f"| {command} "))]
    return "\n".join([head, rule, *rows]) if names else ""
