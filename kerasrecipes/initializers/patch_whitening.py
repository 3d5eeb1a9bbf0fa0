"""A first convolution whose outputs are whitened patches of images."""

from typing import Any

import keras
import numpy as np

from kerasrecipes._validation import check_number


class PatchWhitening:
    """Gives a convolution the principal components of patches of images, each with both signs.

    With mean μ and covariance U·diag(λ)·Uᵀ of the patches x, eigenvalues descending:

    ```
    M = U · diag((λ + ε)^(-1/2))
    outputs = [(x - μ)·M, -(x - μ)·M]
    ```

    On the images it was made from, the first half of the outputs have mean 0, variance λ / (λ + ε)
    and no correlation. Both signs are there for an activation that lets one through, such as ReLU.
    The layer is not frozen; a short training gains by `layer.trainable = False`.

    Args:
        epsilon: float > 0, in squared units of the images, so that components of hardly any
            variance, which are noise, are not enlarged. Defaults to 0.01, for images of variance 1.

    Call arguments:
        layer: built `keras.layers.Conv2D` with a bias, without dilation and groups, of
            2 · height · width · channels filters, those of its kernel. Changed in place.
        images: array (N, H, W, C), or (N, C, H, W) as the layer's `data_format` says, as the layer
            is to see them; some thousand training images.

    Returns:
        Array (height · width · channels,) of the eigenvalues λ, descending.

    Raises:
        ValueError: for an `epsilon` outside its range, a layer of another form, or images that do
            not suit it or are not finite. The layer is then as it was.
        TypeError: for an `epsilon` of the wrong type.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.initializers import PatchWhitening
    >>> layer = keras.layers.Conv2D(2 * 9, 3)
    >>> layer.build((None, None, None, 1))
    >>> images = np.random.default_rng(0).normal(size=(200, 12, 12, 1)).cumsum(axis=1)
    >>> variances = PatchWhitening(epsilon=1e-6)(layer, images)
    >>> outputs = keras.ops.convert_to_numpy(layer(images.astype("float32")))
    >>> print(outputs.var(axis=(0, 1, 2)).round(2)[:3])
    [1. 1. 1.]

    Reference: Jordan, 2024, https://arxiv.org/abs/2404.00498, section 3.2, with its idea by Page,
        2018. The patches there are not centred; here the bias takes the mean away.
    """

    def __init__(self, epsilon: float = 0.01) -> None:
        check_number("epsilon", epsilon, "(0, inf)")
        self.epsilon = epsilon

    def __call__(self, layer: keras.layers.Conv2D, images: Any) -> np.ndarray:
        size = _size(layer)
        patches = _patches(layer, np.asarray(images, "float64"), size)
        mean = patches.mean(axis=0)
        centred = patches - mean
        values, vectors = np.linalg.eigh(centred.T @ centred / len(patches))
        values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
        matrix = vectors / np.sqrt(values + self.epsilon)
        matrix = np.concatenate([matrix, -matrix], axis=1)
        layer.set_weights([matrix.reshape(layer.kernel.shape), -mean @ matrix])
        return values


def _size(layer):
    """The sides of the kernel, of a layer that can be whitened."""
    if not isinstance(layer, keras.layers.Conv2D) or not layer.built:
        raise ValueError(
            f"Argument `layer` must be a built keras.layers.Conv2D. Received: layer={layer!r}"
        )
    inputs = int(np.prod(layer.kernel.shape[:3]))
    plain = layer.use_bias and layer.groups == 1 and tuple(layer.dilation_rate) == (1, 1)
    if not plain or layer.filters != 2 * inputs:
        raise ValueError(
            f"Argument `layer` must have a bias, no dilation, no groups, and {2 * inputs} filters. "
            f"Received: filters={layer.filters}, use_bias={layer.use_bias}, "
            f"dilation_rate={layer.dilation_rate}, groups={layer.groups}"
        )
    return layer.kernel.shape[:2]


def _patches(layer, images, size):
    """The patches of images as rows, in the order of the kernel."""
    if images.ndim == 4 and layer.data_format == "channels_first":
        images = images.transpose(0, 2, 3, 1)
    suits = images.ndim == 4 and images.shape[-1] == layer.kernel.shape[2]
    if not suits or images.shape[1] < size[0] or images.shape[2] < size[1] or not len(images):
        raise ValueError(
            f"Argument `images` must be of rank 4, with {layer.kernel.shape[2]} channels and at "
            f"least {size[0]} by {size[1]} pixels. Received: images.shape={images.shape}"
        )
    if not np.isfinite(images).all():
        raise ValueError("Argument `images` must be finite. Received: images with NaN or infinity")
    windows = np.lib.stride_tricks.sliding_window_view(images, size, axis=(1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, size[0] * size[1] * images.shape[-1])
