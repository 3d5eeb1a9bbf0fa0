"""The devices of a data-parallel run: split, mirrored over, sharded over, and left again."""

import contextlib

import keras

THREADS = 64
_mirrored = {}  # {devices: the strategy}, one of a process


def mirrored(count):
    """Return TensorFlow's strategy of `count` devices; without GPUs they are parts of the CPU.

    A process has one: a second one of other devices hangs in TensorFlow's collectives.
    """
    import tensorflow as tf

    if _mirrored and count not in _mirrored:
        (first,) = _mirrored
        raise ValueError(
            f"Argument `devices` must be {first} in this process, which has trained on as many. "
            f"Received: devices={count}"
        )
    if count not in _mirrored:
        gpus = tf.config.list_physical_devices("GPU")
        if gpus:
            _check_count(count, len(gpus), "GPUs")
        else:
            _split_cpu(tf, count)
        kind = "GPU" if gpus else "CPU"
        names = [f"{kind}:{number}" for number in range(count)]
        _mirrored[count] = tf.distribute.MirroredStrategy(names)
    return _mirrored[count]


def data_parallel(count):
    """Return Keras's distribution of JAX over `count` devices; without GPUs, parts of the CPU."""
    import jax

    with contextlib.suppress(RuntimeError):  # JAX has begun, with as many as it has
        jax.config.update("jax_num_cpu_devices", count)
    _check_count(count, len(jax.devices()), f"devices of kind {jax.devices()[0].platform}")
    return keras.distribution.DataParallel(devices=keras.distribution.list_devices()[:count])


def _split_cpu(tf, count):
    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * count
    try:
        # Each sum that waits for the other parts holds a thread: one a core is a deadlock.
        tf.config.threading.set_inter_op_parallelism_threads(THREADS)
        tf.config.set_logical_device_configuration(cpu, parts)
    except RuntimeError:  # TensorFlow has begun
        _check_count(count, len(tf.config.list_logical_devices("CPU")), "parts of the CPU")


def _check_count(count, most, of_what):
    if count > most:
        raise ValueError(
            f"Argument `devices` must be in [1, {most}], the {of_what} that this process sees. "
            f"Received: devices={count}"
        )
