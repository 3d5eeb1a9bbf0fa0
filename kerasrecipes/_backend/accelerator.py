"""The device of the current backend."""

import functools

import keras


def accelerator():
    """Return `(kind, bfloat16)`: `"gpu"`, `"tpu"` or `"cpu"`, and whether it has bfloat16 units."""
    return {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()]()


def on_gpu(tensor):
    """Return whether operations on a tensor run on a GPU; traced tensors: on the default device."""
    if keras.backend.backend() == "torch":
        return tensor.is_cuda
    return _kind() == "gpu"


@functools.cache
def _kind():
    return accelerator()[0]


def _tensorflow():
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    if not devices:
        return ("tpu", True) if tf.config.list_logical_devices("TPU") else ("cpu", False)
    details = tf.config.experimental.get_device_details(devices[0])
    return "gpu", details.get("compute_capability", (0, 0)) >= (8, 0)


def _jax():
    import jax

    device = jax.devices()[0]
    if device.platform == "gpu":
        return "gpu", float(getattr(device, "compute_capability", "0")) >= 8.0
    return (device.platform, True) if device.platform == "tpu" else ("cpu", False)


def _torch():
    import torch

    if not torch.cuda.is_available():
        return "cpu", False
    return "gpu", torch.cuda.get_device_capability() >= (8, 0)
