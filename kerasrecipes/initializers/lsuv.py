"""Layer-sequential unit variance: weights scaled by what they do to data."""

from typing import Any, NamedTuple

import keras
import numpy as np

from kerasrecipes._backend.keras_internals import calls_replaced
from kerasrecipes._layer_names import unique_names
from kerasrecipes._validation import check_integer, check_number
from kerasrecipes.initializers._kernels import kernels_of, layers_with_kernels, orthonormal


class LayerScale(NamedTuple):
    """The variance of a layer's outputs with an orthonormal kernel, and after it was scaled.

    Attributes:
        before: float, with the orthonormal kernel.
        after: float, with the scaled one.
    """

    before: float
    after: float


class LSUV:
    """Gives every layer of a built model orthonormal kernels and outputs of unit variance.

    In the order in which the layers are called, for each layer with a kernel W:

    ```
    W ← orthonormal
    repeat while |Var(outputs) - 1| >= tolerance, at most max_iterations times:
        W ← W / √Var(outputs)
    ```

    The variance is that of all outputs over examples, positions and units, before the activation.
    The model is called as for prediction (no dropout; normalisation by its running statistics),
    once. A kernel is the matrix of (inputs of a unit, units); a depthwise kernel is one matrix
    for each channel; of a separable convolution the pointwise kernel is scaled. Biases stay. Of a
    layer that is called several times, the first call counts.

    Left as they are: frozen layers, recurrent layers and `TimeDistributed` (their layers run
    inside a loop), embeddings, and layers that the call does not reach.

    Args:
        tolerance: float in (0, 1), the largest difference of a variance from 1. Defaults to 0.1.
        max_iterations: int >= 1, how often a layer is scaled at most. Defaults to 10.
        seed: int >= 0, of the orthonormal kernels. Defaults to 0.

    Call arguments:
        model: built `keras.Model`. Its kernels are changed in place; a compiled model stays so.
        inputs: array, or a structure of arrays, one batch as the model takes it; some hundred
            examples of the training data.

    Returns:
        {layer's name: `LayerScale(before, after)`}, in the order of the calls.

    Raises:
        ValueError: for an argument outside its range, a model that is not built or has no
            kernel to scale, inputs of fewer than 2 examples, or outputs of a layer whose variance
            is 0 or not finite. The model is then as it was.
        TypeError: for an argument of the wrong type.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.initializers import LSUV
    >>> model = keras.Sequential([keras.Input((20,))] + [
    ...     keras.layers.Dense(50, "tanh", name=f"tanh{i}") for i in range(3)])
    >>> images = np.random.default_rng(0).normal(size=(256, 20))
    >>> scales = LSUV(tolerance=0.01)(model, images)
    >>> {name: round(scale.after, 2) for name, scale in scales.items()}
    {'tanh0': 1.0, 'tanh1': 1.0, 'tanh2': 1.0}

    Reference: Mishkin & Matas, All you need is a good init, 2015,
        https://arxiv.org/abs/1511.06422. They ask for the variance of one batch for each layer and
        iteration; here every layer sees the same batch, and the model runs once.
    """

    def __init__(self, tolerance: float = 0.1, max_iterations: int = 10, seed: int = 0) -> None:
        check_number("tolerance", tolerance, "(0, 1)")
        check_integer("max_iterations", max_iterations, "[1, inf)")
        check_integer("seed", seed, "[0, inf)")
        self.tolerance = tolerance
        self.max_iterations = max_iterations
        self.seed = seed

    def __call__(self, model: keras.Model, inputs: Any) -> dict[str, LayerScale]:
        layers = _checked_layers(model, inputs)
        kernels = [kernel for layer in layers for kernel in kernels_of(layer)]
        before = [(k, np.array(keras.ops.convert_to_numpy(k))) for k in kernels]
        scales, generator = {}, np.random.default_rng(self.seed)
        try:
            with calls_replaced(layers, self._scaling_call(scales, generator)):
                model(_tensors(inputs), training=False)
        except BaseException:
            for kernel, value in before:
                kernel.assign(value)
            raise
        names = unique_names(layer for layer, _ in scales.values())
        return dict(zip(names, (scale for _, scale in scales.values())))

    def _scaling_call(self, scales, generator):
        """Return what layers do in place of their `call`: scale the kernel first."""

        def calling(layer, call):
            def scaled_call(*args, **kwargs):
                if id(layer) not in scales:
                    scales[id(layer)] = layer, self._scale(layer, call, generator, args, kwargs)
                return call(*args, **kwargs)

            return scaled_call

        return calling

    def _scale(self, layer, call, generator, args, kwargs):
        for kernel in kernels_of(layer):
            kernel.assign(orthonormal(layer, kernel, generator))
        first = variance = _variance(layer, call, args, kwargs)
        kernel = kernels_of(layer)[-1]
        for _ in range(self.max_iterations):
            if abs(variance - 1) < self.tolerance:
                break
            kernel.assign(keras.ops.convert_to_numpy(kernel) / np.sqrt(variance))
            variance = _variance(layer, call, args, kwargs)
        return LayerScale(first, variance)


def _checked_layers(model, inputs):
    if not isinstance(model, keras.Model):
        raise TypeError(f"Argument `model` must be a keras.Model. Received: model={model!r}")
    if not model.built:
        raise ValueError(
            "Argument `model` must be built: give it a keras.Input or call it once. "
            f"Received: {model.name}, not built"
        )
    sizes = [len(part) for part in keras.tree.flatten(inputs)]
    if not sizes or min(sizes) < 2:
        raise ValueError(
            f"Argument `inputs` must be a batch of 2 examples or more. Received: {sizes}"
        )
    layers = layers_with_kernels(model)
    if not layers:
        raise ValueError(
            "Argument `model` must have a layer with a trainable kernel, such as Dense or Conv2D. "
            f"Received: {model.name} without one"
        )
    return layers


def _variance(layer, call, args, kwargs):
    """Return the variance of a layer's outputs before its activation."""
    activation = getattr(layer, "activation", None)
    if activation is not None:
        layer.activation = keras.activations.linear
    try:
        outputs = call(*args, **kwargs)
    finally:
        if activation is not None:
            layer.activation = activation
    parts = [keras.ops.cast(part, "float32") for part in keras.tree.flatten(outputs)]
    values = np.concatenate([np.ravel(keras.ops.convert_to_numpy(part)) for part in parts])
    variance = float(values.astype("float64").var())
    if not 0 < variance < np.inf:
        raise ValueError(
            "Every layer must have outputs that vary, and are finite, to be scaled. Received: "
            f"outputs of {layer.name} with variance {variance}"
        )
    return variance


def _tensors(inputs):
    return keras.tree.map_structure(keras.ops.convert_to_tensor, inputs)
