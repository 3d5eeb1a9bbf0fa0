"""Several devices give what one gives; what they cannot do is refused."""

import atexit
import os
import pathlib
import subprocess
import sys
import types

import keras
import numpy as np
import pytest

from kerasrecipes import augment
from kerasrecipes._backend import processes, torch_group
from kerasrecipes.augment.padded_batches import padded_batches
from kerasrecipes.experiment import RunConfig, TrainingConfig
from kerasrecipes.experiment.memory_check import MemoryCheck
from kerasrecipes.experiment.replicas import Replicas
from kerasrecipes.experiment.run import Run

ROOT = pathlib.Path(__file__).parent.parent.parent
BACKEND = keras.backend.backend()
RNG = np.random.default_rng(0)


@pytest.mark.skipif(
    BACKEND == "torch", reason="its devices are processes: tests/test_torch_ranks.py"
)
@pytest.mark.parametrize(
    "remainders",
    [pytest.param("9", marks=pytest.mark.slow), pytest.param("11 24", marks=pytest.mark.soak)],
)
def test_four_devices_equal_one_with_remainders_of_1_and_3(remainders):
    done = subprocess.run(
        [sys.executable, ROOT / "tests/experiment/several_devices.py", *remainders.split()],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "tensorflow", reason="elsewhere Keras rounds parts of float64 steps")
def test_what_differs_after_100_steps_with_batch_normalization_is_rounding():
    done = subprocess.run(
        [sys.executable, ROOT / "tests/experiment/exact_replicas.py"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("count", [9, 11, 12])
def test_padding_has_no_weight_and_the_mean_stays(count):
    values = np.arange(count) + 1.0
    pixels = np.repeat(values, 4).reshape(count, 2, 2, 1).astype("uint8")
    images = list(zip(pixels, np.arange(count) % 2))
    crops = [augment.CenterCrop(2, channels=1)]
    padded = padded_batches(augment.pipeline(images, crops, 8, training=False), 4, count)
    total = weighed = images_seen = 0
    for pixels, labels, weights in padded.as_numpy_iterator():
        assert len(pixels) % 4 == 0 and len(labels) == len(weights) == len(pixels)
        losses = pixels[:, 0, 0, 0] * weights  # Keras: the mean of a batch, weighed by its size
        total, weighed = total + len(pixels) * losses.mean(), weighed + len(pixels)
        images_seen += np.count_nonzero(weights > 0)
        np.testing.assert_array_equal(pixels[weights > 0][:, 0, 0, 0] % 2, 1 - labels[weights > 0])
    assert images_seen == count
    np.testing.assert_allclose(total / weighed, values.mean(), rtol=1e-6)


@pytest.mark.parametrize("count", [9, 12])
def test_the_parts_of_processes_make_the_padded_batch(count):
    images = list(zip(RNG.integers(0, 256, (count, 2, 2, 1)).astype("uint8"), range(count)))
    batches = augment.pipeline(images, [augment.CenterCrop(2, channels=1)], 8, training=False)
    whole = list(padded_batches(batches, 4, count).as_numpy_iterator())
    parts = [
        list(padded_batches(batches, 4, count, (number, 2)).as_numpy_iterator())
        for number in (0, 1)
    ]
    assert len(parts[0]) == len(parts[1]) == len(whole) == 2
    for expected, *pair in zip(whole, *parts):
        for one, first, second in zip(expected, *pair):
            assert len(first) == len(second)
            np.testing.assert_array_equal(np.concatenate([first, second]), one)


@pytest.mark.parametrize("on_machine", ["1", "2"])
def test_memory_is_that_of_the_images_of_the_processes_on_a_machine(
    tmp_path, monkeypatch, on_machine
):
    monkeypatch.setenv("LOCAL_WORLD_SIZE", on_machine)
    opened = Run(TrainingConfig(output=str(tmp_path / "run")), "polyak")
    opened.open()
    opened.replicas.processes = 2
    monkeypatch.setattr(processes, "_place", [0, 2])
    callbacks = opened.callbacks(types.SimpleNamespace(train=range(1000), validation=range(10)))
    opened.release()
    (check,) = (callback for callback in callbacks if isinstance(callback, MemoryCheck))
    assert check.batch_size == (128 if BACKEND == "torch" and on_machine == "2" else 64)


@pytest.mark.skipif(BACKEND != "torch", reason="processes of torchrun")
def test_each_process_of_torchrun_takes_a_gpu_of_its_own(monkeypatch):
    import torch

    taken = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    monkeypatch.setattr(torch.distributed, "init_process_group", taken.append)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 1)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    monkeypatch.setattr(atexit, "register", taken.append)
    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    assert torch_group.join_torchrun() == (1, 2)
    assert taken[:2] == [1, "cpu:gloo,cuda:nccl"]
    monkeypatch.setenv("LOCAL_RANK", "2")
    message = r"in \[0, 2\).*Received: LOCAL_RANK=2 on a machine with 2 GPUs"
    with pytest.raises(ValueError, match=message):
        torch_group.join_torchrun()


def test_fewer_images_than_a_batch_are_refused(monkeypatch):
    replicas = Replicas(config := TrainingConfig(batch_size=8))
    assert replicas.batching(config, range(7))
    monkeypatch.setattr(replicas, "count", 2)
    assert replicas.batching(config, range(8))["batch_size"] == 8
    with pytest.raises(ValueError, match="Received: batch_size=8 for 7 images on 2 devices"):
        replicas.batching(config, range(7))


@pytest.mark.parametrize(
    "flags, count, message",
    [
        ({"devices": 3, "batch_size": 6}, 2, "multiple of.*devices=3 in 2 processes"),
        ({}, 2, "devices=1 in 2 processes"),
        ({"devices": 2, "preflight": True}, 2, "preflight=True in 2 processes"),
    ],
)
def test_what_several_processes_cannot_share_is_refused(monkeypatch, flags, count, message):
    monkeypatch.setattr(processes, "process_count", lambda: count)
    monkeypatch.setattr(processes, "of_all", lambda value: [value] * count)
    with pytest.raises(ValueError, match=message):
        Replicas(TrainingConfig(**flags))


def test_a_recipe_without_devices_is_refused_in_several_processes(monkeypatch):
    monkeypatch.setattr(processes, "process_count", lambda: 2)
    monkeypatch.setattr(processes, "of_all", lambda value: [value] * 2)
    with pytest.raises(ValueError, match="no flag `devices`. Received: 2 processes"):
        Replicas(RunConfig())


@pytest.mark.parametrize(
    "flags, message",
    [
        ({"devices": 3}, "multiple of `devices`.*issues/21167.*batch_size=128, devices=3"),
        ({"strategy": "mirrored"}, "needs `devices`.*strategy='mirrored'"),
        ({"scale_rate": True}, "`scale_rate` needs.*batch_size=128"),
    ],
)
def test_flags_without_effect_are_refused(flags, message):
    with pytest.raises(ValueError, match=message):
        TrainingConfig(**flags)


REFUSED = {
    "tensorflow": [
        ({"strategy": "jax"}, "must be auto or mirrored.*strategy='jax'"),
        ({"accumulation_steps": 2}, "merge_call.*accumulation_steps=2"),
        ({"jit": "on"}, "issues/20763.*jit='on'"),
    ],
    "jax": [({"strategy": "mirrored"}, "must be auto or jax.*strategy='mirrored'")],
    "torch": [({}, "number of processes, which torchrun starts.*devices=2 in 1 process$")],
}


@pytest.mark.parametrize("flags, message", REFUSED[BACKEND])
def test_what_the_backend_cannot_do_is_refused(flags, message):
    with pytest.raises(ValueError, match=message):
        Replicas(TrainingConfig(devices=2, **flags))
