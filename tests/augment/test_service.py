"""Batches of a `tf.data` service are those made here, also when a worker is killed."""

import os

import numpy as np
import pytest

from kerasrecipes import augment, data
from kerasrecipes.augment import served_batches
from kerasrecipes.data.shard import write_shards
from tests.augment.data_service import data_service
from tests.data.drawn_images import write_classes

TRANSFORMS = [augment.RandomResizedCrop(16), augment.RandomFlip(), augment.ColorJitter(0.3)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_classes(tmp_path_factory.mktemp("images"), count=30)


def batches(source, **options):
    options = {"batch_size": 7, "training": True, "seed": 4, **options}
    return augment.pipeline(data.load(source, split=(0.8, 0.2, 0)).train, TRANSFORMS, **options)


def assert_same(expected, result, steps):
    count = 0
    for left, right in zip(expected.take(steps), result.take(steps)):
        assert len(left) == len(right)
        for one, other in zip(left, right):
            assert np.array_equal(one, other), f"batch {count}"
        count += 1
    assert count == steps


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_batches_are_the_same_and_a_killed_worker_loses_none(folder, tmp_path):
    """48 images in batches of 7, the last of an epoch smaller; the kill is in mid-epoch."""
    write_shards(folder, tmp_path / "shards")
    with data_service(workers=2) as (address, workers):
        shards = f"tfrecord:{tmp_path / 'shards'}"
        options = {"start_step": 5, "dtype": "uint8", "num_classes": 2}
        assert_same(batches(shards, **options), batches(shards, service=address, **options), 20)
        expected, result = iter(batches(folder)), iter(batches(folder, service=address))
        for step in range(100):
            for one, other in zip(next(expected), next(result)):
                assert np.array_equal(one, other), f"batch {step}"
            if step == 24:
                workers[0].kill()


def test_what_has_been_lost_is_made_here_once(monkeypatch):
    """A service that gives steps out of order, loses two, and gives one of those far too late."""
    given = [1, 0, 2, 4, 5, *range(7, 30), 6, *range(30, 60)]
    assert made_here(monkeypatch, given, 40) == [3, 6]


def test_more_batches_wait_where_workers_are_far_apart(monkeypatch):
    """A service that gives every thirty steps backwards: as of many workers, the first is last."""
    given = [step for start in range(0, 150, 30) for step in reversed(range(start, start + 30))]
    assert made_here(monkeypatch, given, 130) == [*range(13), 120]  # one fewer waits after 64 steps


def test_batches_that_wait_have_room(monkeypatch):
    """Twenty of eight bytes may wait: of thirty given backwards the first nine are made here."""
    monkeypatch.setattr(served_batches, "ROOM", 160)
    given = [step for start in range(0, 150, 30) for step in reversed(range(start, start + 30))]
    expected = [*range(13), *range(30, 39), *range(60, 69), *range(90, 99)]
    assert made_here(monkeypatch, given, 100) == expected


def made_here(monkeypatch, given, count):
    """The steps made here of a service that gives these; the results are those of the steps."""
    import tensorflow as tf

    spec = tf.TensorSpec([], tf.int64)

    def of_this_order(dataset):
        function = dataset.map(lambda step, batch: batch * 0).take(0)  # what is sent can be traced
        assert function.element_spec == spec
        pairs = tf.data.Dataset.from_tensor_slices(tf.constant(given, tf.int64))
        return pairs.map(lambda step: (step, step * step))

    monkeypatch.setattr(tf.data.experimental.service, "distribute", lambda **options: of_this_order)
    made = []

    def square(step):
        tf.py_function(lambda step: made.append(int(step)), [step], [])
        return step * step

    monkeypatch.setattr(served_batches, "PYTHON", set())
    result = served_batches.served(tf.data.Dataset.range(2**62), square, 1, "grpc://here:1")
    found = [int(value) for value in result.take(count)]
    assert found == [step * step for step in range(count)]
    return made


@pytest.mark.slow
def test_what_workers_cannot_do(folder):
    for service in ("host", "http://host:1", 5000):
        with pytest.raises(ValueError, match="the address of a dispatcher"):
            batches(folder, service=service)
    with pytest.raises(ValueError, match="`service` is for training"):
        batches(folder, service="host:1", training=False)
    images = [(np.zeros((20, 20, 3), "uint8"), label) for label in range(9)]
    with pytest.raises(ValueError, match="TensorFlow alone reads.*workers do not have"):
        augment.pipeline(images, TRANSFORMS, 3, training=True, service="host:1")
    arrays = data.load("fashion_mnist_sample").train
    for source in (arrays, arrays.dataset()):
        with pytest.raises(ValueError, match="needs image files or shards, read by index"):
            augment.pipeline(source, [augment.RandomFlip()], 3, training=True, service="host:1")
    with pytest.raises(ValueError, match="of one size after the transforms"):
        augment.pipeline(data.load(folder).train, [], 3, training=True, service="host:1")
