"""Replicas: a run on several devices, each of which takes a part of every batch."""

import contextlib
from typing import Any

import keras

from kerasrecipes._backend import processes
from kerasrecipes._backend.devices import data_parallel, mirrored
from kerasrecipes._backend.keras_internals import flatten_layers
from kerasrecipes._backend.torch_ranks import TorchRanks
from kerasrecipes.augment.padded_batches import padded_batches
from kerasrecipes.callbacks._rebuilt_model import rebuild
from kerasrecipes.experiment.image_metric import ImageMetric
from kerasrecipes.experiment.stateless import Stateless

STRATEGIES = {"tensorflow": "mirrored", "jax": "jax", "torch": "torch"}


class Replicas(Stateless):
    """The devices that a run trains on; as a callback, it checks the model and leaves them.

    The model is made within `scope`. `fit` then splits each batch; its loss and gradients are those
    of the whole batch. Everything after `fit` is done with `on_one_device(model)`. Where TensorFlow
    differs from one device: `keras.layers.Dropout` draws one mask for all parts
    (https://github.com/keras-team/keras/issues/18426), and normalisation in a block that
    `StochasticDepth` closes for a batch has the statistics of each part.

    On JAX several processes may share the devices: the environment of each says
    KERAS_DISTRIBUTION_JOB_ADDRESSES, _NUM_PROCESSES and _PROCESS_ID, as Keras names them, and
    `devices` counts those of all. Each reads its part of the training images and all of the others,
    and tests the model by itself; the first alone writes and prints. On PyTorch each device is a
    process that `torchrun` starts.

    Args:
        config: a `RunConfig` or `TrainingConfig`; without `devices` it is one.

    Raises:
        ValueError: for a strategy that is not the backend's, more devices than there are, a second
            number of devices in a process, other flags in another process, or what Keras cannot do
            on several devices.
    """

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.count = getattr(config, "devices", 1)
        processes.join()
        self.processes = processes.process_count()
        if self.processes > 1:
            _check_same(config)
            self._check_processes(config)
        self._strategy = self._distribution = self._ranks = None
        if self.count > 1:
            self._open(config)

    def _open(self, config):
        backend = keras.backend.backend()
        if config.strategy not in ("auto", STRATEGIES[backend]):
            raise ValueError(
                f"Argument `strategy` must be auto or {STRATEGIES[backend]} on the backend "
                f"{backend}. Received: strategy={config.strategy!r}"
            )
        if backend == "torch":
            _check_torch(config, self.processes)
            self._ranks = TorchRanks()
        elif backend == "jax":
            self._distribution = data_parallel(self.count)
        else:
            _check_mirrored(config)
            self._strategy = mirrored(self.count)

    def _check_processes(self, config):
        """Raise for what several processes cannot share."""
        if not hasattr(config, "devices"):
            raise ValueError(
                "This recipe trains small networks in one process, and has no flag `devices`. "
                f"Received: {self.processes} processes"
            )
        if self.count % self.processes:
            raise ValueError(
                "Argument `devices` must be a multiple of the number of processes, which share "
                f"them. Received: devices={self.count} in {self.processes} processes"
            )
        for name in ("preflight", "dry_run"):
            if getattr(config, name, False):
                raise ValueError(
                    f"Argument `{name}` is for one process: run it there first. "
                    f"Received: {name}=True in {self.processes} processes"
                )

    def batching(self, config: Any, images: Any) -> dict[str, Any]:
        """Return size, remainder and shard of training batches as arguments of `pipeline`.

        Raises:
            ValueError: on several devices, for fewer images than a batch.
        """
        if self.count > 1 and len(images) < config.batch_size:
            raise ValueError(
                "Argument `batch_size` must be at most the number of training images on several "
                "devices, which share batches of one size. Received: "
                f"batch_size={config.batch_size} for {len(images)} images on {self.count} devices"
            )
        return {
            "batch_size": config.batch_size // self.processes,
            "drop_remainder": self.count > 1,
            "shard": (processes.process_number(), self.processes),
        }

    @contextlib.contextmanager
    def scope(self) -> Any:
        """Return a context manager in which the model, its optimizer and its metrics are made."""
        if self._distribution is not None:
            keras.distribution.set_distribution(self._distribution)
        with self._strategy.scope() if self._strategy else contextlib.nullcontext():
            yield

    def metrics(self, metrics: Any) -> dict[str, Any]:
        """Return metrics as arguments of `compile`: on several devices, padding does not count.

        Padding is told by its weight below 0; every other weight counts as 1.
        """
        if self.count == 1:
            return {"metrics": metrics}
        if isinstance(metrics, dict):
            weighted = {name: list(map(ImageMetric, some)) for name, some in metrics.items()}
        else:
            weighted = list(map(ImageMetric, metrics))
        return {"metrics": [], "weighted_metrics": weighted}

    def on_all_devices(self, model: Any) -> Any:
        """Return a model with the same weights in `scope`; on one device, the model."""
        if self.count == 1:
            return model
        copy = rebuild(model)
        copy.set_weights(model.get_weights())
        return copy

    def held_out(self, batches: Any) -> Any:
        """Return validation batches that the devices can share; on one device, as they are."""
        if self.count == 1:
            return batches
        images = len(batches.source)
        shard = processes.process_number(), self.processes
        return padded_batches(batches, self.count, images, shard)

    def on_one_device(self, model: Any) -> Any:
        """Return a model with the same weights on one device; where there is one, the model."""
        self.leave()
        if self.count == 1:
            return model
        copy = rebuild(model)
        for layer in flatten_layers(copy):
            if getattr(layer, "synchronized", False):
                layer.synchronized = False
        copy.set_weights(model.get_weights())
        return copy

    @contextlib.contextmanager
    def apart(self) -> Any:
        """Return a context manager in which other models are on one device, in the middle of `fit`.

        On JAX batches of any size then do; on TensorFlow the scope alone decides.
        """
        self.leave()
        try:
            yield
        finally:
            if self._distribution is not None:
                keras.distribution.set_distribution(self._distribution)

    def _before_begin(self):
        if self._ranks is not None:
            self._ranks.share(self._trained_model)

    def _begin(self):
        model = self._trained_model
        if self._strategy is not None and model.distribute_strategy is not self._strategy:
            raise RuntimeError(f"{model.name} was made outside of the scope of its devices.")
        if self._ranks is not None:
            self._ranks.begin(model)

    def _leave(self):
        if self._ranks is not None:
            self._ranks.end()
        self.leave()

    def leave(self) -> None:
        """Let models that are made from now on be on one device."""
        if self._distribution is not None:
            keras.distribution.set_distribution(None)


def _check_torch(config, count):
    """Raise where `torchrun` has not started a process a device, or the step is compiled."""
    if config.devices != count:
        raise ValueError(
            "Argument `devices` must be on PyTorch the number of processes, which torchrun starts: "
            f"torchrun --nproc-per-node {config.devices} recipes/... --devices {config.devices}. "
            f"Received: devices={config.devices} in {count} process{'es' * (count > 1)}"
        )
    if config.jit == "on":
        raise ValueError(
            "Argument `jit` must be auto or off on several devices of PyTorch: gradients are "
            f"averaged by hooks, outside of what is compiled. Received: jit='on', devices={count}"
        )


def _check_same(config):
    """Raise in all processes unless the flags of all are the same; `output` is the first's."""
    configs = processes.of_all({**vars(config), "output": None})
    for name in configs[0]:
        values = [one.get(name) for one in configs]
        if any(value != values[0] for value in values):
            raise ValueError(
                f"Argument `{name}` must be the same in all processes. Received: {name}="
                + ", ".join(f"{value!r} in process {i}" for i, value in enumerate(values))
            )


def _check_mirrored(config):
    """Raise for what Keras cannot do under `MirroredStrategy`."""
    if config.accumulation_steps > 1:
        raise ValueError(
            "Argument `accumulation_steps` must be 1 on several devices of TensorFlow: Keras's "
            "accumulation raises under MirroredStrategy (`merge_call` within `tf.cond`). "
            f"Received: accumulation_steps={config.accumulation_steps}, devices={config.devices}"
        )
    if config.jit == "on":
        raise ValueError(
            "Argument `jit` must be auto or off on several devices of TensorFlow: with mixed "
            "precision the step hangs (https://github.com/keras-team/keras/issues/20763), and XLA "
            f"does not compile for parts of a CPU. Received: jit='on', devices={config.devices}"
        )
