"""The temperature of a classifier after training: which images it is fitted to."""

import dataclasses

import keras
import numpy as np
import pytest

from kerasrecipes import augment, data, experiment, inference

pytestmark = pytest.mark.filterwarnings("ignore:.*classes:UserWarning")


@dataclasses.dataclass
class Config:
    """What `calibrated` reads of a config."""

    temperature: bool = True
    label_smoothing: float = 0.1
    batch_size: int = 16
    epochs: int = 1
    seed: int = 0


@pytest.fixture(scope="module")
def model():
    network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
    network.add(keras.layers.Dense(3, "softmax", kernel_initializer=keras.initializers.HeNormal(0)))
    return network


def images_of(*sizes):
    rng = np.random.default_rng(0)
    sets = []
    for size in sizes:
        labels = rng.integers(0, 3, size)
        pixels = rng.integers(0, 90, (size, 8, 8, 1)) + 50 * labels[:, None, None, None]
        sets.append((pixels.astype("uint8"), labels))
    names = ("train", "test", "validation")
    return data.load({f"{xy}_{n}": a for n, pair in zip(names, sets) for xy, a in zip("xy", pair)})


NORMALIZE = augment.Normalize([100.0], [50.0])


def calibrate(model, images, **options):
    crops = experiment.choose_crops("pad", images, 8)
    return experiment.calibrated(model, images, crops, [NORMALIZE], Config(**options))


def temperature_of(model):
    return model.get_layer("temperature").temperature


def test_validation_images_where_there_are_any(model, capsys):
    images = images_of(80, 60, 70)
    calibrated, (sentence,) = calibrate(model, images)
    batches = augment.pipeline(images.validation, [NORMALIZE], 16, training=False)
    probabilities, labels = inference.multi_crop_predict(model, batches, return_labels=True)
    expected = inference.fit_temperature(probabilities, labels)
    assert temperature_of(calibrated) == pytest.approx(expected, rel=1e-4)
    assert "fitted to 70 validation predictions" in sentence
    assert capsys.readouterr().out.strip() == sentence


@pytest.mark.slow
def test_training_crops_undo_the_label_smoothing_where_there_are_none(model):
    images = images_of(80, 60)
    calibrated, (sentence,) = calibrate(model, images)
    assert "fitted to 80 training predictions. There are no validation images" in sentence
    raw, _ = inference.multi_crop_predict(
        model, augment.pipeline(images.train, [NORMALIZE], 16, training=False), return_labels=True
    )
    assert temperature_of(calibrated) != 1 and np.isfinite(raw).all()


@pytest.mark.parametrize(("scale", "words"), [(0.3, "undoes"), (300.0, "overconfident even on")])
@pytest.mark.slow
def test_what_a_temperature_of_training_images_does_goes_by_its_size(scale, words):
    """Too low probabilities, as smoothing makes them, or too high ones."""
    images = images_of(80, 60)
    network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.GlobalAveragePooling2D()])
    network.add(keras.layers.Dense(3, "softmax"))
    centres = np.array([-1.1, -0.1, 0.9])  # of the classes' grey, normalised
    network.layers[-1].set_weights([scale * centres[None], -scale * centres**2 / 2])
    calibrated, (sentence,) = calibrate(network, images)
    assert (temperature_of(calibrated) < 1) == (words == "undoes") and words in sentence


@pytest.mark.parametrize(
    ("options", "words"),
    [({"temperature": False}, None), ({"label_smoothing": 0.0}, "no validation images")],
)
def test_unchanged(model, options, words):
    unchanged, sentences = calibrate(model, images_of(80, 60), **options)
    assert unchanged is model and len(sentences) == (words is not None)
    assert words is None or words in sentences[0]


def test_too_few_or_not_finite(model):
    unchanged, (sentence,) = calibrate(model, images_of(80, 60, 49))
    assert unchanged is model and "too few" in sentence
    broken = keras.models.clone_model(model)
    broken.layers[-1].set_weights([np.full((64, 3), np.nan, "float32"), np.zeros(3)])
    unchanged, (sentence,) = calibrate(broken, images_of(80, 60, 70))
    assert unchanged is broken and "not finite" in sentence
