"""A function of tensors, compiled where that pays, with full float32 products."""

import keras


def compiled_function(function):
    """Return `function` of tensors, compiled by XLA on JAX and TensorFlow.

    There each operation alone costs as much as all of them compiled. On a GPU JAX would multiply
    matrices in TF32, which rounds pixels; PyTorch does so only when told to.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=True, autograph=False)
    if backend != "jax":
        return function
    import jax

    def exact(*arguments):
        with jax.default_matmul_precision("highest"):
            return function(*arguments)

    return jax.jit(exact)
