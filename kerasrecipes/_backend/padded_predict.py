"""Predicts a small batch at the size of those before it, where another size compiles anew."""

import keras
import numpy as np


def padded_predict(model, inputs, size):
    """Return what `model.predict_on_batch(inputs)` returns, in inference mode.

    A compiled model (always on JAX; on TensorFlow by XLA) compiles once for each batch size.
    There a batch of fewer than `size` examples repeats its last one, and the outputs of the
    repeats are cut off: right if no output depends on other examples. Elsewhere nothing is
    repeated, since it would only cost time.

    Args:
        model: Keras model of one input, or what predicts as one; that is not padded.
        inputs: array or tensor `(examples, ...)` of at least one example.
        size: int, examples in the batches before.
    """
    count = inputs.shape[0]
    if count >= size or not getattr(model, "jit_compile", False):
        return model.predict_on_batch(inputs)
    joined = np if isinstance(inputs, np.ndarray) else keras.ops
    repeats = joined.repeat(inputs[-1:], size - count, axis=0)
    outputs = model.predict_on_batch(joined.concatenate([inputs, repeats], axis=0))
    return keras.tree.map_structure(lambda output: output[:count], outputs)


def predict_array(model, inputs, batch_size):
    """Return the outputs of `padded_predict` for all of an array, one compilation for all batches.

    Args:
        model: Keras model of one input.
        inputs: array `(examples, ...)` of at least one example.
        batch_size: int, examples of a batch.
    """
    size = min(batch_size, len(inputs))
    outputs = [
        keras.ops.convert_to_numpy(padded_predict(model, inputs[start : start + size], size))
        for start in range(0, len(inputs), size)
    ]
    return np.concatenate(outputs)
