"""What each test protocol cuts out of a photo."""

from matplotlib.patches import Rectangle

from docs_build.pictures._images import photo
from docs_build.pictures._style import ORANGE, pictures

SIZE = 160


def draw():
    """The photo as each protocol resizes it, with a frame around each region."""
    kinds = {
        "CenterCrop(160, 183)": (183, _centre),
        "ShiftedCrops(160, shift=20)": (160, _shifted),
        "TenCrop(160, (200,))": (200, _five),
        "TenCrop(160, (320,))": (320, _five),
    }
    figure, axes = pictures(2, 2, height=5.2)
    for axis, (title, (short, regions)) in zip(axes.flat, kinds.items()):
        # Shifted crops are of the central square, with a border of zeros.
        image = photo("china", 427) if regions is _shifted else photo("china")
        height, width = short, short * image.shape[1] // image.shape[0]
        axis.imshow(image, extent=(0, width, height, 0))
        for top, left in regions(height, width):
            axis.add_patch(Rectangle((left, top), SIZE, SIZE, fill=False, color=ORANGE, lw=1.5))
        axis.set(xlim=(-25, width + 25), ylim=(height + 25, -25))
        axis.set_title(title, fontsize=8)
    return figure


def _centre(height, width):
    return [((height - SIZE) / 2, (width - SIZE) / 2)]


def _five(height, width):
    bottom, right = height - SIZE, width - SIZE
    return [(0, 0), (0, right), (bottom, 0), (bottom, right), *_centre(height, width)]


def _shifted(height, width):
    top, left = _centre(height, width)[0]
    moves = ((0, 0), (-20, -20), (-20, 20), (20, -20), (20, 20))
    return [(top + down, left + across) for down, across in moves]
