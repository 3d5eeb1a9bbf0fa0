"""Drawn images with several labels, or numbers, in a CSV file."""

import csv

import numpy as np
from PIL import Image, ImageDraw

LABELS = ("red", "round", "dark")


def write_labelled(folder, count=96, size=20):
    """Write images and two tables: `tags.csv` of several labels, `sizes.csv` of a number."""
    rng = np.random.default_rng(0)
    (folder / "img").mkdir(parents=True)
    tags, sizes = [["file", "tags"]], [["file", "target"]]
    for index in range(count):
        present = rng.random(3) < 0.5
        side = int(rng.integers(4, size - 2))
        image = Image.new("RGB", (size, size), (20, 20, 20) if present[2] else (200, 200, 200))
        paint = ImageDraw.Draw(image)
        fill = (255, 40, 30) if present[0] else (30, 60, 255)
        shape = paint.ellipse if present[1] else paint.rectangle
        shape((1, 1, side, side), fill=fill)
        name = f"img/{index:03}.png"
        image.save(folder / name)
        tags.append([name, ";".join(np.array(LABELS)[present])])
        sizes.append([name, 10 * side])
    for name, rows in (("tags.csv", tags), ("sizes.csv", sizes)):
        with open(folder / name, "w", newline="") as file:
            csv.writer(file).writerows(rows)
    return folder
