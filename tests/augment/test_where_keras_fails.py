"""Where an image layer of Keras does what few expect, and what we do."""

import keras
import numpy as np
import tensorflow as tf

from kerasrecipes import augment

IMAGE = np.arange(16 * 16, dtype="float32").reshape(16, 16, 1)
BATCH = np.stack([IMAGE] * 32)


def distinct(crops):
    return len(np.unique(np.asarray(crops).reshape(len(crops), -1), axis=0))


def test_keras_random_crop_draws_one_crop_for_a_whole_batch():
    crops = keras.layers.RandomCrop(8, 8, seed=0)(BATCH, training=True)
    crops = np.asarray(crops)
    windows = [
        (top, left)
        for top in range(9)
        for left in range(9)
        if np.array_equal(crops[0], IMAGE[top : top + 8, left : left + 8])
    ]
    assert len(windows) == 1, "not a window of the image"
    assert distinct(crops) == 1, f"Keras {keras.version()} has mended RandomCrop: drop this test"


def test_we_draw_a_crop_for_each_image():
    images = tf.data.Dataset.from_tensor_slices((BATCH, np.zeros(32, "int64")))
    crop = augment.RandomScaleCrop(8, scale=(2.0, 2.0))
    batches = augment.pipeline(images, [crop], 32, training=True, shuffle=False)
    crops, _ = next(iter(batches))
    assert distinct(crops) > 16


def test_keras_resizing_does_not_antialias_and_our_test_crop_does():
    lines = np.tile(np.array([0.0, 0.0, 0.0, 255.0], "float32"), 16)[None, :, None]
    image = np.broadcast_to(lines, (64, 64, 1))
    ours = augment.CenterCrop(16, 16)(image).numpy()
    np.testing.assert_allclose(ours[:, 1:-1], 255 / 4, atol=16)
    theirs = np.asarray(keras.layers.Resizing(16, 16)(image[None])[0])
    assert abs(theirs[:, 1:-1] - 255 / 4).max() > 60, f"Keras {keras.version()} has mended Resizing"
