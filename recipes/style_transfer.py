"""A photo in the style of another picture, by optimising its pixels: L-BFGS beside Adam.

Gatys, Ecker & Bethge, 2015, https://arxiv.org/abs/1508.06576: the picture is to have the features
of the content photo in a deep layer of a pretrained network, and the style's statistics of features
in several layers. The loss has no noise, which suits L-BFGS; Adam gets as many evaluations of it.

    python recipes/style_transfer.py --content PHOTO --style ART
    python recipes/style_transfer.py --content PHOTO --style ART --backbone vgg16 --weights FILE

The folder has `lbfgs.png`, `adam.png`, both with their sources (`comparison.png`) and the loss by
evaluation (`losses.png`). Unlike the paper: features before activations, their mean and covariance,
terms that are fractions of their target's size, total variation (`--smoothness`), and a margin.
"""

import dataclasses

from kerasrecipes_flags import check_fields, flag, parse_first

BLOCKS = ("stage2_block1", "stage2_block2", "stage3_block1", "stage4_block1", "stage5_block1")
LITE = ("stem_conv", *(f"{block}_expand_conv" for block in BLOCKS))
VGG = tuple(f"block{number}_conv1" for number in range(1, 6))
LAYERS = {"efficientnet_lite0": (LITE, LITE[4]), "vgg16": (VGG, "block4_conv2")}  # style, content
NAME, MARGIN, INSIDE = "style_transfer", 16, slice(16, -16)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """The flags of this recipe."""

    content: str | None = flag(None, "image file that gives the content (required)")
    style: str | None = flag(None, "image file that gives the style (required)")
    size: int = flag(256, "longest side of both in pixels; none is enlarged", "[32, 4096]")
    backbone: str = flag("efficientnet_lite0", "pretrained network", choices=tuple(LAYERS))
    weights: str | None = flag(None, "weights file of the network (default: ImageNet's)")
    evaluations: int = flag(200, "evaluations of the loss for each optimizer", "[1, 1000000]")
    style_weight: float = flag(30.0, "weight of the style; the content has 1", "[0, inf)")
    smoothness: float = flag(1.5, "weight of the total variation", "[0, inf)")
    learning_rate: float = flag(16.0, "Adam's rate, in pixel values of 0..255", "(0, inf)")
    output: str | None = flag(None, "folder (default: runs/style_transfer/TIME)")

    def __post_init__(self):
        check_fields(self)
        for name in ("content", "style"):
            if not getattr(self, name):
                raise ValueError(f"Argument `{name}` must be an image file. Received: {name}=None")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import evaluation, experiment, models, serving

import keras
import numpy as np
from keras import ops


def main(config):
    """Optimise the picture and write the files. Returns the lowest loss of each optimizer."""
    pictures = {name: read(getattr(config, name), config.size) for name in ("content", "style")}
    loss = experiment.RecordedLoss(style_loss(config, **pictures), config.evaluations)
    start, losses, folder = pictures["content"], {}, experiment.RunFolder(config.output, NAME)
    folder.acquire()
    for name, optimize in (("lbfgs", lbfgs), ("adam", adam)):
        stopped = loss.minimize(optimize, name, start.ravel(), config)
        if loss.losses:
            losses[name], pictures[name] = loss.losses, loss.best.reshape(start.shape)
            print(f"{name}: loss {min(losses[name]):.4g} after {len(losses[name])} evaluations")
            write(folder, name, pictures, losses)
        if stopped:
            folder.abandon()  # it stays if there are pictures
            raise stopped
    folder.release()
    print(f"Pictures: {serving.printable(folder.path)}")
    return {name: min(values) for name, values in losses.items()}


def write(folder, name, pictures, losses):
    """Write the picture of an optimizer, and what there is side by side."""
    folder.write(f"{name}.png", evaluation.image_png(pictures[name][INSIDE, INSIDE]))
    grid = evaluation.image_grid([one[INSIDE, INSIDE] for one in pictures.values()], list(pictures))
    folder.write("comparison.png", evaluation.figure_png(grid, 300))
    curves = evaluation.history_figure({f"{name}_loss": losses[name] for name in losses})
    curves.axes[0].set(xlabel="evaluations of loss and gradient", yscale="log")
    folder.write("losses.png", evaluation.figure_png(curves))


def read(path, size):
    """The pixels of an image file, shrunk to `size`, in a margin of its mirror image."""
    pixels = evaluation.thumbnail(serving.read_image(path, channels=3), size).astype("float32")
    return np.pad(pixels, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), mode="symmetric")


def style_loss(config, content, style):
    """A function from a vector of pixels to the loss."""
    styles, deep = LAYERS[config.backbone]
    network = models.backbone(config.backbone, config.weights or "imagenet", (None, None, 3))
    network.trainable = False
    maps = [network.get_layer(name).output for name in (*styles, deep)]
    features = keras.Model(network.inputs[0], maps)
    *_, aim = features(content[None])
    spread = aim - ops.mean(aim, axis=(1, 2), keepdims=True)
    aims = [value for one in features(style[None])[:-1] for value in moments(one)]

    def loss(vector):
        pixels = ops.reshape(vector, content.shape)
        *maps, at_depth = features(pixels[None])
        total = relative(at_depth - aim, spread)
        for now, then in zip([value for one in maps for value in moments(one)], aims):
            total += config.style_weight / len(styles) * relative(now - then, then)
        down, right = pixels[1:, :-1] - pixels[:-1, :-1], pixels[:-1, 1:] - pixels[:-1, :-1]
        steps = ops.sqrt((ops.square(down) + ops.square(right)) / 127.5**2 + 1e-4)
        return total + config.smoothness * ops.mean(steps)

    return loss


def moments(maps):
    """Mean and covariance of the channels over all positions."""
    columns = ops.reshape(maps, (-1, maps.shape[-1]))
    mean = ops.mean(columns, axis=0)
    return mean, ops.matmul(ops.transpose(columns - mean), columns - mean) / columns.shape[0]


def relative(difference, target):
    """The squared size of a difference, as a fraction of that of its target."""
    return ops.sum(ops.square(difference)) / (ops.sum(ops.square(target)) + 1e-6)


def lbfgs(loss, start, config):
    """Optimise the pixels by L-BFGS."""
    try:
        from scipy.optimize import Bounds, minimize
    except ImportError:
        raise ImportError("L-BFGS needs SciPy: pip install 'kerasrecipes[lbfgs]'") from None
    options = {"maxfun": config.evaluations, "maxiter": config.evaluations, "ftol": 0, "gtol": 0}
    minimize(loss, start, jac=True, method="L-BFGS-B", bounds=Bounds(0, 255), options=options)


def adam(loss, start, config):
    """Optimise the pixels by Adam."""
    pixels = keras.Variable(start, constraint=lambda values: ops.clip(values, 0, 255))
    optimizer = keras.optimizers.Adam(config.learning_rate)
    for _ in range(config.evaluations):
        gradient = loss(ops.convert_to_numpy(pixels))[1]
        optimizer.apply([ops.convert_to_tensor(gradient, "float32")], [pixels])


if __name__ == "__main__":
    experiment.command_line(main, Config)
