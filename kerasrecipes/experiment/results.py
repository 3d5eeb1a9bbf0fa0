"""Stores the measured results of recipes and writes their table.

    python -m kerasrecipes.experiment.results [--name NAME] [RUN FOLDER ...]

Writes `recipes/results/NAME.json` from the `metrics.json` of runs of one recipe that differ only
in their seed. Then it writes the table of all results into `recipes/README.md`, and into each
recipe's header, behind the command, what it gave; without a folder, only these.

A run with `--ablate` goes to `recipes/results/ablation/RECIPE.json`, for the reports of other runs.
"""

import argparse
import json
import pathlib
import re
import shlex
import statistics

from kerasrecipes.evaluation.how_good import wilson_interval
from kerasrecipes.experiment.what_gave_what import IDENTITY

BEGIN, END = "<!-- results begin -->", "<!-- results end -->"


def store(run_folders, results_folder, name=None):
    """Write the results of runs that differ only in their seed; return the path.

    Args:
        run_folders: Paths of finished runs.
        results_folder: Path of the folder of results.
        name: str or `None`, the name of the file. Defaults to the recipe's.

    Raises:
        ValueError: If a run is not finished, the runs differ in more than their seed, one of
            several is an ablation, or an ablation is given a name.
    """
    runs = [json.loads((pathlib.Path(f) / "metrics.json").read_text()) for f in run_folders]
    kinds = {json.dumps([run["recipe"], _settings(run)], sort_keys=True) for run in runs}
    ablation = "ablation" in runs[0]
    alike = len(kinds) == 1 and not any(run["interrupted"] for run in runs)
    if not alike or (ablation and len(runs) > 1):
        raise ValueError(
            "Argument `run_folders` must be finished runs that differ only in their seed, or a "
            f"single run with --ablate. Received: {[str(folder) for folder in run_folders]}"
        )
    if ablation:
        if name is not None:
            raise ValueError(
                "Argument `name` must be None for an ablation, which has the name of its recipe. "
                f"Received: name={name!r}"
            )
        keys, folder = ("seconds", "steps", "versions", "test", "ablation"), "ablation"
        measured = {key: runs[0][key] for key in keys}
    else:
        keys, folder = ("seed", "seconds", "steps", "versions", "test"), "."
        measured = {"runs": [{key: run[key] for key in keys} for run in runs]}
    content = {
        "recipe": runs[0]["recipe"],
        "command": _portable(runs[0]),
        "data": runs[0]["data"],
        "config": _settings(runs[0]),
        **measured,
    }
    path = pathlib.Path(results_folder) / folder / f"{name or runs[0]['recipe']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path


def table(results_folder):
    """Return the results as a Markdown table, with one row per test of each stored result.

    The interval is Wilson's for the number of test images, not more for several runs: they share
    the test images.
    """
    lines = [
        "| Command | Data | Test | Accuracy | 95% interval | Range | Images per second | Runs | "
        "Seconds per run |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for path in sorted(pathlib.Path(results_folder).glob("*.json")):
        content = json.loads(path.read_text())
        runs = content["runs"]
        seconds = statistics.mean(run["seconds"] for run in runs)
        for name in runs[0]["test"]["protocols"]:
            tests = [run["test"]["protocols"][name] for run in runs]
            accuracies = [test["accuracy"] for test in tests]
            mean = statistics.mean(accuracies)
            interval = wilson_interval(mean * tests[0]["images"], tests[0]["images"])
            cells = [
                f"`{content['command']}`",
                content["data"],
                name.replace("_", " "),
                f"{mean:.4f}",
                "{:.3f} to {:.3f}".format(*interval),
                f"{min(accuracies):.4f} to {max(accuracies):.4f}",
                f"{statistics.mean(test['images_per_second'] for test in tests):.0f}",
                str(len(runs)),
                f"{seconds:.0f}",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def with_table(text, results_folder):
    """Return a page with the table between its two markers."""
    return between(text, BEGIN, END, table(results_folder))


def between(text, begin, end, content):
    """Return a page with other content between two markers, which are lines of their own."""
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{content}\n{end}{after}"


def with_result(text, content):
    """Return the source of a recipe with a stored result behind its command, in the header.

    The mean over the runs of the first test, and of the best of the others where there are any;
    the standard deviation of that one.
    """
    pattern = rf"^( +{re.escape(content['command'])})(?:  # .*)?$"
    return re.sub(pattern, rf"\g<1>  # {_in_short(content['runs'])}", text, count=1, flags=re.M)


def _in_short(runs):
    accuracies = {
        name: [run["test"]["protocols"][name]["accuracy"] for run in runs]
        for name in runs[0]["test"]["protocols"]
    }
    first, *others = accuracies
    best = [max(others, key=lambda name: statistics.mean(accuracies[name]))] if others else []
    seconds = statistics.mean(run["seconds"] for run in runs)
    names = (first, *best)
    means = [f"{100 * statistics.mean(accuracies[name]):.1f}" for name in names]
    said = "%, ".join(f"{name.replace('_', ' ')} {mean}" for name, mean in zip(names, means))
    if len(runs) == 1:
        return f"{said}%, {seconds:.0f} s"
    deviation = 100 * statistics.stdev(accuracies[names[-1]])
    return f"{said} ± {deviation:.1f}%, {len(runs)} x {seconds:.0f} s"


def _portable(run):
    """Return the command of a run from the root of the repository, without its seed."""
    words = shlex.split(run["command"])
    flags = next((n for n, word in enumerate(words) if word.startswith("--")), len(words))
    words[:flags] = ["python", f"recipes/{run['recipe']}.py"]
    if "--seed" in words:
        place = words.index("--seed")
        del words[place : place + 2]
    return shlex.join(pathlib.Path(w).name if pathlib.Path(w).is_absolute() else w for w in words)


def _settings(run):
    config = {name: value for name, value in run["config"].items() if name not in IDENTITY}
    return {**config, "data": pathlib.Path(config["data"]).name}


def main(arguments=None):
    """Store the given runs, if any, and write the table and the headers."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--name", help="name of the stored result (default: the recipe's)")
    parser.add_argument("runs", nargs="*", help="folders of finished runs")
    options = parser.parse_args(arguments)
    recipes = pathlib.Path("recipes")
    if options.runs:
        print(store(options.runs, recipes / "results", options.name))
    page = recipes / "README.md"
    page.write_text(with_table(page.read_text(), recipes / "results"))
    for path in sorted((recipes / "results").glob("*.json")):
        content = json.loads(path.read_text())
        recipe = recipes / f"{content['recipe']}.py"
        recipe.write_text(with_result(recipe.read_text(), content))


if __name__ == "__main__":
    main()
