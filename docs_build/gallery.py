"""The gallery: every transform at three strengths and six seeds, a grid for each."""

import hashlib
import pathlib

import numpy as np
from PIL import Image

from docs_build.card_figures import PICTURES, package_digest

ROOT = pathlib.Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "generated" / "gallery"
SIZE, SEEDS, GAP = 112, 6, 4
CROPS = ("RandomScaleCrop", "RandomResizedCrop", "CenterCrop", "ShiftedCrops", "TenCrop")
# Title: the weakest, a usual and a strong form.
FORMS = {
    "RandomScaleCrop": ("(112, (1, 1))", "(112)", "(112, (3, 4))"),
    "RandomResizedCrop": ("(112, (1, 1), (1, 1))", "(112)", "(112, (0.05, 0.1), (0.5, 2))"),
    "PadCrop": ("(112, padding=0)", "(112, padding=12)", "(112, padding=40)"),
    "RandomFlip": ("(0)", "()", "(1)"),
    "ColorJitter: brightness": ("()", "(brightness=0.4)", "(brightness=0.9)"),
    "ColorJitter: contrast": ("()", "(contrast=0.4)", "(contrast=0.9)"),
    "ColorJitter: saturation": ("()", "(saturation=0.4)", "(saturation=1)"),
    "ColorJitter: hue": ("()", "(hue=0.05)", "(hue=0.5)"),
    "PCALighting": ("(0)", "()", "(1.0)"),
    "RandomWarp: rotation": ("()", "(rotation=20)", "(rotation=180)"),
    "RandomWarp: translation": ("()", "(translation=0.1)", "(translation=0.5)"),
    "RandomWarp: stretch": ("()", "(stretch=0.25)", "(stretch=1)"),
    "RandomWarp: shear": ("()", "(shear=10)", "(shear=40)"),
    "RandomWarp: lens": ("()", "(lens=0.1)", "(lens=0.33)"),
    "RandomErasing": ("(0)", "()", "(1, area=(0.4, 0.6))"),
    "RandAugment": ("(0)", "()", "(4, 10)"),
    "TrivialAugment": ("(0)", "(0.3)", "()"),
    "MixUp": ("(0)", "()", "(20.0)"),
    "CutMix": ("(0)", "()", "(20.0)"),
    "Normalize": ("(0, 1)", "(128, 64)", "(128, 16)"),
    "CenterCrop": ("(112, 112)", "(112)", "(112, 300)"),
    "ShiftedCrops": ("(112)", "(112, shift=8)", "(112, shift=20)"),
    "TenCrop": ("(112, (112,))", "(112)", "(112, (300,))"),
}
NAMES = ("Weakest", "Usual", "Strong")


def grids():
    """Return the Markdown of all grids, a heading each."""
    sections = []
    for title, forms in FORMS.items():
        kind = title.partition(":")[0]
        rows = ", ".join(f"{n.lower()} `{kind}{form}`" for n, form in zip(NAMES, forms))
        alt = f"{title} at three strengths, a row each, with six draws of each"
        anchor = f"[`{kind}`](api/augment.md#kerasrecipes.augment.{kind})"
        picture = f"![{alt}](generated/gallery/{file_of(title)})"
        sections.append(f"## {title}\n\n{anchor}, rows from the top: {rows}.\n\n{picture}\n")
    return "\n".join(sections)


def file_of(title):
    """Return the name of the file of a grid."""
    return title.replace(": ", "_").lower() + ".jpg"


def draw_all():
    """Draw the grids, unless this file and this package drew those that are there."""
    stamp = FOLDER / "drawn_by"
    parts = (
        pathlib.Path(__file__).read_bytes(),
        (PICTURES / "_images.py").read_bytes(),
        package_digest(),
    )
    digest = hashlib.sha256(b"".join(parts)).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for title, forms in FORMS.items():
        rows = [row(title.partition(":")[0], form) for form in forms]
        Image.fromarray(grid(rows)).save(FOLDER / file_of(title), quality=88)
    stamp.write_text(digest)


def row(kind, form):
    """Return the pictures of one form: six draws, or the views of a test protocol."""
    from docs_build.pictures._images import photo
    from kerasrecipes import augment

    transform = eval(f"augment.{kind}{form}", {"augment": augment})
    large, small = (photo("china", size) for size in (420, SIZE))
    if kind in ("MixUp", "CutMix"):
        pair = np.stack([small, photo("flower", SIZE)])
        labels = np.eye(2, dtype="float32")
        made = [transform(pair, labels, [(0, seed), (1, seed)])[0][0] for seed in range(SEEDS)]
    elif kind in ("ShiftedCrops", "TenCrop"):
        made = np.asarray(transform(photo("china"), (0, 0)))[:SEEDS]
    else:
        made = [transform(large if kind in CROPS else small, (0, seed)) for seed in range(SEEDS)]
    return [pixels(image, kind) for image in made]


def pixels(image, kind):
    """Return an image as uint8; normalised ones are shown around grey."""
    image = np.asarray(image, "float32")
    if kind == "Normalize" and image.min() < 0:
        image = 127.5 + 40 * image
    return np.uint8(np.clip(np.round(image), 0, 255))


def grid(rows):
    """Return rows of pictures as one, with a white gap."""
    height, width = (count * (SIZE + GAP) - GAP for count in (len(rows), SEEDS))
    made = np.full((height, width, 3), 255, "uint8")
    for number, images in enumerate(rows):
        for place, image in enumerate(images):
            top, left = number * (SIZE + GAP), place * (SIZE + GAP)
            made[top : top + SIZE, left : left + SIZE] = image
    return made
