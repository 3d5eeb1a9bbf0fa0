"""The end of a run whose result is a table of many classifiers or methods, not one network."""

import dataclasses
from typing import Any

import keras

from kerasrecipes.evaluation import figure_png
from kerasrecipes.experiment.report import report_html


def close_table(
    run: Any,
    images: Any,
    headline: str,
    notes: Any,
    figures: Any,
    tables: Any,
    protocols: Any = None,
    **more: Any,
) -> Any:
    """Write pictures, report and `metrics.json` of a run, print its table, and return the metrics.

    Args:
        run: the `Run`.
        images: the `data.ImageData`.
        headline: str, the result in a line.
        notes: list of str, a paragraph each.
        figures: list of (name, caption, Matplotlib figure, or the bytes of a PNG or GIF file).
        tables: list of (heading, header, rows); the first one is printed.
        protocols: dict from a name to a dict with `accuracy`, `images`, `images_per_second`;
            `None` (default) where nothing is tested.
        **more: more entries of `metrics.json`.

    Returns:
        dict, the content of `metrics.json`.
    """
    test = None
    if protocols:
        best = max(protocols, key=lambda name: protocols[name]["accuracy"])
        test = {**protocols[best], "protocol": best, "protocols": protocols}
    shown = []
    for name, caption, figure in figures:
        content = figure if isinstance(figure, bytes) else figure_png(figure)
        run.write(f"{name}.{'gif' if content.startswith(b'GIF') else 'png'}", content)
        shown.append((name.replace("_", " ").capitalize(), caption, content))
    print(text_table(*tables[0][1:]), headline, *notes, sep="\n")
    metrics = run.metrics_of(test, data=images.name, headline=headline, **more)
    settings = [(name, str(value)) for name, value in dataclasses.asdict(run.config).items()]
    settings += [("keras", keras.version()), ("backend", keras.backend.backend())]
    title = f"{run.recipe} on {images.name}"
    stills = [one for one in shown if not one[2].startswith(b"GIF")]
    run.write("report.html", report_html(title, headline, notes, stills, tables, settings))
    run.close(metrics)
    return metrics


def text_table(header: Any, rows: Any) -> str:
    """Return a table as lines of text, its columns aligned.

    >>> print(text_table(("a", "score"), [["long", "0.5"], ["b", "10"]]))
    a     score
    long    0.5
    b        10
    """
    lines = [header, *rows]
    widths = [max(len(str(line[place])) for line in lines) for place in range(len(header))]
    return "\n".join(
        "  ".join(
            str(cell).rjust(width) if place else str(cell).ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths))
        ).rstrip()
        for line in lines
    )
