"""What one part of a recipe gives: two rows of a stored ablation, by paired seeds."""

import json

from docs_build.measured import RESULTS
from kerasrecipes.experiment.ablation import compared

HEADER = ("Training", "Accuracy", "Change (95% interval)", "Change of loss (95% interval)",
          "Calibration error")  # fmt: skip


def ablated(body, page):
    """Return the table of a recipe with all its parts and without one.

    Args:
        body: str, `RECIPE: PART`, such as `resnet_crop: weight decay`.
        page: str, the page of the site, whose links begin there.

    Raises:
        ValueError: If the ablation has no such part.
    """
    recipe, _, part = body.strip().partition(": ")
    path = RESULTS / "ablation" / f"{recipe}.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    first, *others = compared(content["ablation"])[0]
    rows = [row for row in others if row[0] == f"without {part}"]
    if not rows:
        names = [row[0].removeprefix("without ") for row in others]
        raise ValueError(f"The parts are {names}. Received: {part!r}")
    lines = [
        f"| {' | '.join(row)} |" for row in (HEADER, ["---"] * 5, *map(_short, (first, *rows)))
    ]
    seeds = len(content["ablation"][first[0]]["accuracy"])
    up, images = "../" * page.count("/"), content["test"]["images"]
    origin = (
        f"From `{content['command']}` ([source]({up}recipes/{recipe}.md)): {seeds} paired seeds, "
        f"{images:,} test images of {content['data']}."
    )
    return "\n".join([*lines, "", origin])


def _short(row):
    """Return a row of `compared` with each interval behind its change."""
    name, accuracy, change, interval, loss, loss_interval, calibration = row
    changes = [f"{a} ({b})" if a else "" for a, b in ((change, interval), (loss, loss_interval))]
    return name, accuracy, *changes, calibration
