"""Extracts pooled features of images."""

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes._backend import keras_internals
from kerasrecipes._backend.padded_predict import padded_predict
from kerasrecipes._batches import batches
from kerasrecipes._progress import progress
from kerasrecipes._validation import check_integer
from kerasrecipes.models._functional import functional


def extract_features(
    model: keras.Model, data: Any, stages: Any = None, batch_size: int = 32
) -> Any:
    """Return the data with pooled features in place of images.

    A feature map `(height, width, channels)` is averaged over its positions, as
    `GlobalAveragePooling2D` does; a flat output is not changed. The model
    runs in inference mode: no dropout, normalisation by running statistics.

    Args:
        model: functional `keras.Model` of images, such as from `models.backbone`.
        data: Arrays `x`, `(x, y)` or `(x, y, sample_weight)`, or a finite iterable of batches of
            those, such as a `tf.data.Dataset`. It is read once, in order.
        stages: `None` (default) for the model's output, or a sequence of names of layers of the
            model, such as from `models.stages`, all computed in one forward pass.
        batch_size: int >= 1, images per batch if `data` are arrays. Defaults to 32.

    Returns:
        `features`, `(features, y)` or `(features, y, sample_weight)`, in the form of the data, as
        NumPy arrays. Features are a float32 array `(images, channels)` or, with `stages`, a dict
        from names to such arrays.

    Raises:
        ValueError: If a stage is not a layer of the model, or the data are empty or infinite.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.transfer import extract_features
    >>> from kerasrecipes import models
    >>> model = models.resnet(8, (32, 32, 3), 10)
    >>> x, y = np.zeros((5, 32, 32, 3)), np.arange(5)
    >>> features, labels = extract_features(model, (x, y), stages=[model.layers[-2].name])
    >>> [array.shape for array in features.values()], labels.shape
    ([(5, 64)], (5,))

    Reference:
        Donahue et al., 2013, DeCAF, https://arxiv.org/abs/1310.1531.
    """
    check_integer("batch_size", batch_size, "[1, inf)")
    extractor = _extractor(model, stages)
    features, others, size = [], [], 0
    _check_finite(data)
    with progress("extracting features, batches", _number_of_batches(data, batch_size)) as advance:
        for batch in batches(data, batch_size):
            images = np.asarray(batch[0])
            size = max(size, len(images))
            pooled = padded_predict(extractor, images, size)
            features.append(keras.tree.map_structure(_to_float32, pooled))
            others.append([np.asarray(array) for array in batch[1:]])
            advance(1)
    if not features:
        raise ValueError("Argument `data` must have at least one batch. Received: none")
    joined = keras.tree.map_structure(lambda *arrays: np.concatenate(arrays), *features)
    rest = [np.concatenate(arrays) for arrays in zip(*others)]
    return (joined, *rest) if rest else joined


def _extractor(model, stages):
    """Return a model with the pooled stages as outputs; only on JAX compiled by XLA."""
    graph = functional("model", model)
    if stages is None:
        outputs = _pool(graph.outputs[0])
    else:
        tensors = keras_internals.outputs_in_graph(graph)
        layers = _layers(model, stages).items()
        outputs = {name: _pool(tensors[layer]) for name, layer in layers}
    extractor = keras.Model(model.inputs[0], outputs)
    extractor.compile(jit_compile=keras.backend.backend() == "jax")
    return extractor


def _layers(model, stages):
    layers = {layer.name: layer for layer in model.layers}
    if isinstance(stages, str) or not list(stages):
        raise ValueError(
            "Argument `stages` must be None or a sequence of names of layers. "
            f"Received: stages={stages!r}"
        )
    unknown = [name for name in stages if name not in layers]
    if unknown:
        raise ValueError(
            f"Argument `stages` must be names of layers of {model.name}. Received: {unknown[0]!r}"
        )
    return {name: layers[name] for name in stages}


def _pool(output):
    """Return the mean over positions, always computed in float32."""
    if len(output.shape) not in (2, 4):
        raise ValueError(
            "A stage must be a feature map of rank 4, or flat features of rank 2. "
            f"Received: an output of shape {tuple(output.shape)}"
        )
    if len(output.shape) == 2:
        return output
    return keras.layers.GlobalAveragePooling2D(dtype="float32")(output)


def _to_float32(output):
    return np.asarray(ops.convert_to_numpy(output), "float32")


def _number_of_batches(data, batch_size):
    """Return how many batches there are, or `None` if the data do not tell."""
    if hasattr(data, "cardinality"):
        return max(0, int(data.cardinality())) or None
    first = data[0] if isinstance(data, tuple) and data else data
    if hasattr(first, "shape"):
        return -(-len(first) // batch_size)
    return len(data) if hasattr(data, "__len__") else None


def _check_finite(data):
    if hasattr(data, "cardinality") and int(data.cardinality()) == -1:
        raise ValueError("Argument `data` must be finite. Received: an infinite dataset")
