"""A model of one's own in a file: it labels as it was tested, and refuses what cannot serve."""

import keras
import numpy as np
import pytest
from PIL import Image

from kerasrecipes import augment, layers, serving

SIZE = 12
NAMES = ("circle", "square", "star")


def network(channels=3, end="softmax", classes=3, sequential=True):
    keras.utils.set_random_seed(0)
    parts = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten()]
    parts.append(keras.layers.Dense(classes, end))
    if sequential:
        return keras.Sequential([keras.Input((SIZE, SIZE, channels)), *parts])
    inputs = x = keras.Input((SIZE, SIZE, channels))
    for part in parts:
        x = part(x)
    return keras.Model(inputs, x)


def photos(channels=3, count=3):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (40 + 7 * i, 31, channels), "uint8") for i in range(count)]


@pytest.mark.parametrize("sequential", [True, False])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "transforms",
    [
        [augment.CenterCrop(SIZE)],
        [augment.CenterCrop(SIZE, SIZE), augment.Normalize(90.0, 40.0)],
    ],
)
def test_predictions_are_those_of_the_tests_pipeline(tmp_path, transforms, channels, sequential):
    model = network(channels, sequential=sequential)
    images = photos(channels)
    served = serving.save(model, transforms, NAMES, tmp_path / "mine.keras")
    classifier = serving.load_classifier(tmp_path / "mine.keras")
    source = [(image, 0) for image in images]
    batches = augment.pipeline(source, transforms, batch_size=2, training=False)
    expected = model.predict(batches, verbose=0)
    np.testing.assert_allclose(list(classifier.predict(images)), expected, atol=1e-4)
    assert classifier.class_names == NAMES and classifier.channels == channels
    assert served.name in {classifier.model.name, served.name}
    assert [path.name for path in tmp_path.iterdir()] == ["mine.keras"]


@pytest.mark.slow
def test_a_layer_a_single_transform_and_no_preprocessing(tmp_path):
    model, image = network(), photos()[0]
    crop = augment.CenterCrop(SIZE, SIZE)
    results = []
    for preprocessing in (layers.ImagePreprocessing(SIZE, SIZE), crop, [crop]):
        serving.save(model, preprocessing, NAMES, tmp_path / "mine.keras")
        results.append(next(serving.load_classifier(tmp_path / "mine.keras").predict([image])))
    np.testing.assert_allclose(results[1:], results[:1] * 2, atol=1e-6)
    serving.save(model, None, NAMES, tmp_path / "raw.keras")
    raw = np.full((SIZE, SIZE, 3), 200, "uint8")
    said = next(serving.load_classifier(tmp_path / "raw.keras").predict([raw]))
    np.testing.assert_allclose(said, model.predict(raw[None], verbose=0)[0], atol=1e-5)


def test_a_model_that_has_its_names_keeps_them(tmp_path):
    model = serving.named_model(network(sequential=False), NAMES)
    served = serving.save(model, [augment.CenterCrop(SIZE)], NAMES, tmp_path / "mine.keras")
    names = [layer for layer in served.layers if isinstance(layer, layers.ClassNames)]
    assert len(names) <= 1
    with pytest.raises(ValueError, match="`class_names` must be what the model has already"):
        serving.save(model, [augment.CenterCrop(SIZE)], ("a", "b", "c"), tmp_path / "mine.keras")


def test_several_labels_keep_their_thresholds(tmp_path):
    model, images = network(end="sigmoid"), photos()
    thresholds = np.array([0.25, 0.5, 0.75], "float32")
    crop = [augment.CenterCrop(SIZE)]
    serving.save(model, crop, NAMES, tmp_path / "mine.keras", "multilabel", thresholds)
    classifier = serving.load_classifier(tmp_path / "mine.keras")
    assert classifier.task == "multilabel"
    np.testing.assert_allclose(classifier.thresholds, thresholds, atol=1e-12)
    batches = augment.pipeline([(image, 0) for image in images], crop, 3, training=False)
    expected = model.predict(batches, verbose=0)
    np.testing.assert_allclose(list(classifier.predict(images)), expected, atol=1e-4)
    serving.save(model, crop, NAMES, tmp_path / "mine.keras", "multilabel")
    assert serving.load_classifier(tmp_path / "mine.keras").thresholds is None


@pytest.mark.parametrize("targets", [1, 3])
def test_numbers_of_any_range(tmp_path, targets):
    model, image = network(end=None, classes=targets), photos()[0]
    names = NAMES[:targets]
    serving.save(model, [augment.CenterCrop(SIZE)], names, tmp_path / "mine.keras", "regression")
    classifier = serving.load_classifier(tmp_path / "mine.keras")
    assert classifier.task == "regression" and classifier.class_names == names
    crop = np.asarray(augment.CenterCrop(SIZE)(image))
    expected = model.predict(crop[None], verbose=0)[0]
    np.testing.assert_allclose(next(classifier.predict([image])), expected, atol=1e-4)


@pytest.mark.parametrize(
    "end, arguments, match",
    [
        ("sigmoid", ("several",), "`task` must be one of 'classes'"),
        ("sigmoid", ("multilabel", [0.5]), "`thresholds` must be 3 numbers"),
        ("sigmoid", ("multilabel", [0.5, 0.5, 1.5]), "`thresholds` must be in"),
        ("softmax", ("classes", [0.5] * 3), "is for task='multilabel'"),
        ("linear", ("multilabel",), "such as those of a last activation 'sigmoid'"),
        ("sigmoid", ("classes",), "independent labels need task='multilabel'"),
    ],
)
def test_another_task_than_the_models_is_refused(tmp_path, end, arguments, match):
    with pytest.raises(ValueError, match=match):
        serving.save(network(end=end), None, NAMES, tmp_path / "mine.keras", *arguments)
    assert not list(tmp_path.iterdir())


def test_a_model_that_has_its_task_keeps_it(tmp_path):
    named = serving.named_model(network(end="sigmoid"), NAMES, "multilabel", [0.1, 0.2, 0.3])
    path = tmp_path / "mine.keras"
    serving.save(named, None, NAMES, path, "multilabel", [0.1, 0.2, 0.3])
    assert serving.load_classifier(path).thresholds == (0.1, 0.2, 0.3)
    for arguments, name in ((("regression",), "task"), (("multilabel",), "thresholds")):
        with pytest.raises(ValueError, match=f"`{name}` must be what the model has already"):
            serving.save(named, None, NAMES, path, *arguments)


def two_inputs():
    a, b = keras.Input((SIZE, SIZE, 3)), keras.Input((SIZE, SIZE, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Add()([a, b]))
    return keras.Model([a, b], keras.layers.Dense(3, "softmax")(pooled))


@pytest.mark.parametrize(
    "make, match",
    [
        (lambda: network(end=None), "must return probabilities, such as those of a last"),
        (lambda: network(classes=4), "one value for each of 3 class names"),
        (lambda: network(channels=4), "1 or 3 channels"),
        (two_inputs, "one input"),
        (lambda: keras.Sequential([keras.layers.Dense(3)]), "must be built"),
    ],
)
def test_what_cannot_serve_is_refused(tmp_path, make, match):
    with pytest.raises(ValueError, match=match):
        serving.save(make(), None, NAMES, tmp_path / "mine.keras")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "preprocessing", [[augment.RandomFlip()], [augment.CenterCrop(8)] * 2, "crop", []]
)
def test_other_preprocessing_is_refused(tmp_path, preprocessing):
    with pytest.raises(TypeError, match="`preprocessing` must be a Keras layer"):
        serving.save(network(), preprocessing, NAMES, tmp_path / "mine.keras")


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"`path` must end with .keras"):
        serving.save(network(), None, NAMES, tmp_path / "mine.h5")


def test_a_file_of_an_image_is_labelled(tmp_path):
    Image.fromarray(photos()[0]).save(tmp_path / "photo.png")
    serving.save(network(), [augment.CenterCrop(SIZE)], NAMES, tmp_path / "mine.keras")
    classifier = serving.load_classifier(tmp_path / "mine.keras")
    pixels = serving.read_image(tmp_path / "photo.png", classifier.channels)
    (probabilities,) = classifier.predict([pixels])
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)
