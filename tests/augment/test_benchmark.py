"""What `benchmark` reports, against the clock of a real run of the same pipeline."""

import time
import warnings

import numpy as np
import pytest
import tensorflow as tf

from kerasrecipes import augment, data
from tests.augment.oracles import drawn_photo, jpeg

SLEEP = 0.01  # seconds an image


def arrays():
    images = np.random.default_rng(0).integers(0, 256, (3000, 32, 32, 3), dtype=np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of images that are in both sets
        source = data.load((images, np.arange(3000) % 10, images[:9], np.arange(9))).train
    crop = [augment.PadCrop(32), augment.RandomFlip(), augment.Normalize(120, 60)]
    return augment.pipeline(source, crop, 128, training=True)


def jpegs():
    listed = [(jpeg(drawn_photo(300, 400)), label) for label in range(48)]
    crop = [augment.RandomScaleCrop(224), augment.RandomFlip(), augment.Normalize(120, 60)]
    return augment.pipeline(listed, crop, 16, training=True, threads=2)


def sleep(image, seed):
    pixels = tf.numpy_function(lambda values: (time.sleep(SLEEP), values)[1], [image], image.dtype)
    return tf.ensure_shape(pixels, image.shape)


def sleeping():
    images = [(drawn_photo(24, 24), label) for label in range(40)]
    transforms = [augment.CenterCrop(16), sleep, augment.RandomFlip()]
    return augment.pipeline(images, transforms, 8, training=True, threads=2)


def images_a_second(batches, seconds=1.0):
    """Return those of a loop over the batches, from after an epoch and its first batches on."""
    stream = iter(batches)
    for _ in range(batches.steps_per_pass + 20):
        next(stream)
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        done += len(next(stream)[1])
    return done / (time.perf_counter() - start)


@pytest.mark.parametrize("make", [arrays, jpegs, pytest.param(sleeping, marks=pytest.mark.soak)])
@pytest.mark.slow
def test_the_report_agrees_with_the_clock_of_a_real_run(make):
    batches = make()
    for _ in range(4):  # other programs on the machine may change one of the two
        report = augment.benchmark(batches, images=64, seconds=0.5)
        ratio = report.images_per_second / images_a_second(batches)
        if 1 / 3 < ratio < 3:
            break
    assert 1 / 3 < ratio < 3
    assert sum(report.seconds.values()) >= 0.99 / report.images_per_second
    assert all(seconds >= 0 for seconds in report.seconds.values())
    assert report.slowest == max(report.seconds, key=report.seconds.get)


@pytest.mark.slow
def test_a_stage_that_sleeps_is_the_slowest_and_no_buffer_hides_it():
    report = augment.benchmark(sleeping(), images=1, seconds=0.5)
    assert list(report.seconds) == ["read", "CenterCrop", "sleep", "batch", "RandomFlip"]
    assert report.slowest == "sleep"
    assert report.images_per_second < 1.2 * 2 / SLEEP  # two threads: no machine is faster
    assert report.seconds["sleep"] > 0.25 * SLEEP
    assert "sleep" in str(report) and "slowest" in str(report)


def test_a_stage_that_adds_nothing_is_printed_without_a_rate():
    report = augment.Report({"read": 0.001, "RandomFlip": 0.0}, 1000.0, "read")
    assert str(report).splitlines()[2].split() == ["RandomFlip", "-", "0%"]


@pytest.mark.slow
def test_images_in_memory_have_no_stage_of_batching():
    report = augment.benchmark(arrays(), images=1, seconds=0.01, step=lambda images, labels: None)
    assert list(report.seconds) == ["read", "PadCrop", "RandomFlip", "Normalize"]
    assert report.step_images_per_second > 0


@pytest.mark.parametrize("seconds", [0, -1, "1", float("inf")])
def test_bad_input_names_the_argument(seconds):
    with pytest.raises((ValueError, TypeError), match="`seconds`"):
        augment.benchmark(arrays(), seconds=seconds)
