"""Sources in Python, a list or a PyTorch `Dataset`, read inside the graph of a pipeline."""

import numpy as np

from kerasrecipes._backend.tensorflow_module import tf

PILLOW_MODES = ("L", "RGB")


def python_element(source):
    """Return the spec of the pairs of `source`, and a traceable function of an index.

    The first pair says what all are like: encoded or not, dtype and channels. Sizes may differ.
    """
    if len(source) == 0:
        raise ValueError("Argument `dataset` must hold at least one image. Received: 0 images")
    image, label = read_pair(source, 0)
    encoded = isinstance(image, bytes)
    image_spec = (
        tf.TensorSpec((), tf.string)
        if encoded
        else tf.TensorSpec((None, None, image.shape[-1]), image.dtype)
    )
    spec = image_spec, tf.TensorSpec(label.shape, label.dtype)

    def read(index):
        image, label = read_pair(source, int(index))
        kind = tf.string if isinstance(image, bytes) else tf.as_dtype(image.dtype)
        channels = () if isinstance(image, bytes) else image.shape[-1:]
        if kind != image_spec.dtype or channels != tuple(image_spec.shape[2:]):
            raise ValueError(
                f"Argument `dataset` must give images of one dtype and number of channels. "
                f"Received: dataset[{int(index)}] of {kind.name} {channels}, dataset[0] of "
                f"{image_spec.dtype.name} {tuple(image_spec.shape[2:])}"
            )
        return image, label.astype(spec[1].dtype.as_numpy_dtype)

    def element(index):
        pair = tf.numpy_function(read, [index], [part.dtype for part in spec])
        return tuple(tf.ensure_shape(value, part.shape) for value, part in zip(pair, spec))

    return spec, element


def read_pair(source, index):
    """The pair (image, label) at an index: (H, W, C) array or bytes, and a label array."""
    pair = source[index]
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(
            "Argument `dataset` must give pairs (image, label), one image each. Received: "
            f"dataset[{index}] of type {type(pair).__name__}"
            + (f" and length {len(pair)}" if isinstance(pair, (tuple, list)) else "")
        )
    image, label = pair
    label = np.asarray(label)
    if label.dtype.kind in "iub":
        label = label.astype(np.int64)
    elif label.dtype.kind == "f":
        label = label.astype(np.float32)
    else:
        raise TypeError(
            "Argument `dataset` must give labels that are numbers. Received: "
            f"dataset[{index}][1] of dtype {label.dtype}"
        )
    return _pixels(image, index), label


def _pixels(image, index):
    if isinstance(image, (bytes, np.bytes_)):
        return bytes(image)
    mode = getattr(image, "mode", None)
    if isinstance(mode, str) and mode not in PILLOW_MODES:
        raise ValueError(
            f"Argument `dataset` must give Pillow images of mode {' or '.join(PILLOW_MODES)}: "
            f"`image.convert('RGB')` makes one. Received: dataset[{index}] of mode {mode}"
        )
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        pixels = pixels[..., np.newaxis]
    if pixels.ndim != 3 or pixels.dtype.kind not in "uif":
        raise ValueError(
            "Argument `dataset` must give single images (height, width, channels), or the bytes "
            f"of one. Received: dataset[{index}] of shape {pixels.shape}, dtype {pixels.dtype}"
        )
    if pixels.shape[0] in (1, 3, 4) and pixels.shape[2] not in (1, 2, 3, 4):
        raise ValueError(
            "Argument `dataset` must give images with channels last (height, width, channels); "
            "`transforms.ToTensor()` of torchvision moves them to the front. Received: "
            f"dataset[{index}] of shape {pixels.shape}"
        )
    return pixels
