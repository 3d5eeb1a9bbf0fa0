"""The devices of a data-parallel run: split, mirrored over, sharded over, and left again."""

import contextlib

import keras

from kerasrecipes._backend.processes import process_count

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
    """Return Keras's distribution of JAX over `count` devices; without GPUs, parts of the CPU.

    Several processes have as many each.
    """
    import jax

    share = count // process_count()
    with contextlib.suppress(RuntimeError):  # JAX has begun, with as many as it has
        jax.config.update("jax_num_cpu_devices", share)
    local = [
        [device for device in jax.devices() if device.process_index == number]
        for number in range(process_count())
    ]
    kind = jax.devices()[0].platform
    most = min(map(len, local)) * len(local)
    _check_count(count, most, f"devices of kind {kind}")
    names = [f"{kind}:{device.id}" for part in local for device in part[:share]]
    return keras.distribution.DataParallel(devices=names, auto_shard_dataset=False)


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
