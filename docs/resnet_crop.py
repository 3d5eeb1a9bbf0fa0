"""Draws docs/resnet_crop.png from a finished run of recipes/resnet_crop.py on its defaults.

python docs/resnet_crop.py runs/resnet_crop/TIME
"""

import pathlib
import sys

from PIL import Image

WIDTH = 1200
ROWS_OF_MISTAKES = 0.505  # two of four, with the title


def main(folder):
    """Put the curves above the first rows of mistakes."""
    curves, mistakes = (
        Image.open(folder / f"{n}.png").convert("RGB") for n in ("history", "mistakes")
    )
    mistakes = mistakes.crop((0, 0, mistakes.width, round(mistakes.height * ROWS_OF_MISTAKES)))
    parts = [
        part.resize((WIDTH, round(part.height * WIDTH / part.width)), Image.Resampling.LANCZOS)
        for part in (curves, mistakes)
    ]
    page = Image.new("RGB", (WIDTH, sum(part.height for part in parts) + 20), "white")
    page.paste(parts[0], (0, 0))
    page.paste(parts[1], (0, parts[0].height + 20))
    page = page.quantize(256, method=Image.Quantize.MAXCOVERAGE)
    page.save(pathlib.Path(__file__).with_suffix(".png"), optimize=True)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
