"""A model exported with its test transform, and the report on a pipeline's stages."""

import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrecipes import augment
from tests.augment.oracles import drawn_photo, jpeg, png

DATA = [jpeg(drawn_photo(40, 50)), png(drawn_photo(33, 21)), jpeg(drawn_photo(20, 60, 1))]


def small_model(side):
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    return keras.Sequential(
        [keras.Input((side, side, 3)), *layers, keras.layers.Dense(5, "softmax")]
    )


@pytest.mark.parametrize(
    "transforms",
    [
        [augment.CenterCrop(16), augment.Normalize(120, 60)],
        [augment.TenCrop(16, (16, 20)), augment.Normalize(120, 60)],
    ],
)
@pytest.mark.slow
def test_the_exported_model_gives_the_numbers_of_evaluation(tmp_path, transforms):
    model = small_model(16)
    augment.export_jpeg_classifier(model, tmp_path / "served", transforms)
    loaded = tf.saved_model.load(str(tmp_path / "served"))
    served = loaded.serve(tf.constant(DATA))
    dataset = tf.data.Dataset.from_tensor_slices((DATA, range(3)))
    images, _ = next(iter(augment.pipeline(dataset, transforms, 3, training=False)))
    crops = tf.reshape(images, [-1, 16, 16, 3])
    expected = tf.reduce_mean(tf.reshape(model(crops), [3, -1, 5]), 1)
    np.testing.assert_allclose(served, expected, atol=1e-5)


@pytest.mark.slow
def test_a_model_for_any_size_sees_one_image_at_a_time(tmp_path):
    model = small_model(None)
    augment.export_jpeg_classifier(model, tmp_path / "served", [])
    loaded = tf.saved_model.load(str(tmp_path / "served"))
    served = loaded.serve(tf.constant(DATA))
    for row, data in zip(served, DATA):
        whole = augment.DecodeImage()(data).numpy()[None].astype("float32")
        np.testing.assert_allclose(row, model(whole)[0], atol=1e-5)


@pytest.mark.slow
def test_the_report_names_every_stage_and_what_is_the_limit():
    def sleepy(image, seed):
        def wait(value):
            time.sleep(0.005)
            return value

        waited = tf.numpy_function(wait, [image], tf.float32)
        return tf.ensure_shape(waited, image.shape)

    dataset = tf.data.Dataset.from_tensor_slices((DATA, range(3)))
    transforms = [augment.CenterCrop(8), sleepy, augment.RandomFlip()]
    batches = augment.pipeline(dataset, transforms, 2, training=True, threads=1)
    report = augment.benchmark(batches, 4, lambda images, labels: None, seconds=0.05)
    assert list(report.seconds) == ["read", "CenterCrop", "sleepy", "batch", "RandomFlip"]
    assert report.slowest == max(report.seconds, key=report.seconds.get)
    assert all(seconds >= 0 for seconds in report.seconds.values())
    assert report.step_images_per_second > 0 and "sleepy" in str(report)


def test_the_slower_of_input_and_step_is_the_limit():
    report = augment.Report({"read": 0.001}, 1000.0, "read", 5000.0)
    assert report.limit == "input" and "input is the limit" in str(report)
    report = augment.Report({"read": 0.001}, 1000.0, "read", 10.0)
    assert report.limit == "step" and "step is the limit" in str(report)


def test_only_a_pipeline_can_be_measured():
    with pytest.raises(TypeError, match="batches"):
        augment.benchmark(tf.data.Dataset.range(3))
    with pytest.raises(ValueError, match="images"):
        augment.benchmark(tf.data.Dataset.range(3), images=0)
