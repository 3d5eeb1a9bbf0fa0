"""multi_crop_predict against a loop over single crops."""

import keras
import numpy as np
import pytest

from kerasrecipes.inference import multi_crop_predict


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((5, 4, 2)),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )


@pytest.fixture
def batches():
    rng = np.random.default_rng(1)
    return [
        (rng.normal(size=(n, 6, 5, 4, 2)).astype("float32"), rng.integers(0, 3, n)) for n in (3, 1)
    ]


def one_by_one(model, image):
    kernel, bias = (np.asarray(w, "float64") for w in model.get_weights())
    scores = image.reshape(len(image), -1).astype("float64") @ kernel + bias
    return scores, np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("batch_size", [1, 7, 256])
def test_averages_over_crops(model, batches, batch_size):
    ours, labels = multi_crop_predict(model, batches, batch_size=batch_size, return_labels=True)
    expected = [one_by_one(model, crops)[1].mean(0) for batch, _ in batches for crops in batch]
    np.testing.assert_allclose(ours, expected, atol=1e-6)
    np.testing.assert_array_equal(labels, np.concatenate([label for _, label in batches]))


def test_average_of_scores_is_the_softmax_of_the_mean_logits(model, batches):
    ours = multi_crop_predict(model, batches, average="scores")
    means = [one_by_one(model, crops)[0].mean(0) for batch, _ in batches for crops in batch]
    expected = np.exp(means) / np.exp(means).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_single_crops_are_plain_predictions(model, batches):
    images = batches[0][0][:, 0]
    ours = multi_crop_predict(model, [images])
    np.testing.assert_allclose(ours, model.predict(images, verbose=0), atol=1e-6)


@pytest.mark.parametrize(
    "dataset, options, match",
    [
        ([np.zeros((2, 3), "float32")], {}, "rank 5"),
        ([], {}, "at least one batch"),
        ([np.zeros((2, 5, 4, 2), "float32")], {"return_labels": True}, "labels"),
        ([], {"average": "median"}, "`average`"),
        ([], {"batch_size": 0}, "`batch_size`"),
    ],
)
def test_bad_input(model, dataset, options, match):
    with pytest.raises(ValueError, match=match):
        multi_crop_predict(model, dataset, **options)
