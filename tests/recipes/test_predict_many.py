"""predict.py on folders: streamed into a CSV that goes on, bad files skipped, views, labels."""

import csv
import json
import os
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

from kerasrecipes import augment, layers, serving
from kerasrecipes.serving import image_files
from tests.data.drawn_images import draw, encoded, write
from tests.recipes.helpers import load_recipe, run_command
from tests.serving.color_classifier import color_model, color_shares, saved_color_model

PREDICT = load_recipe("predict")


@pytest.fixture
def model(tmp_path):
    return saved_color_model(tmp_path / "model.keras")


@pytest.fixture
def folder(tmp_path):
    """Nine images in a tree, of two sizes in turn, and what is none."""
    files = {f"many/{i}.png": encoded(draw(i, (20 + i % 2, 16)), "PNG") for i in range(6)}
    files |= {f"many/deep/er/{i}.JPG": encoded(draw(i, (33, 16))) for i in range(3)}
    files |= {"many/notes.txt": b"hello", "many/.hidden.png": b"", "many/.git/x.png": b"x"}
    return write(tmp_path, files) / "many"


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.reader(file))


def test_a_folder_into_a_csv(model, folder, tmp_path, capsys):
    out = tmp_path / "out.csv"
    assert run_command(PREDICT, model, folder, "--recursive", "--csv", out, "--top", 2) == 0
    header, *rows = rows_of(out)
    assert header == ["file", "class", "probability", "class_2", "probability_2"]
    assert len(rows) == 9 and "9 images predicted" in capsys.readouterr().out
    for file, name, probability, _, second in rows:
        with Image.open(file) as image:
            expected = color_shares(np.asarray(image.convert("RGB")))
        assert name == ("blue", "green", "red")[expected.argmax()]
        best = sorted(expected)[::-1]
        np.testing.assert_allclose([float(probability), float(second)], best[:2], atol=0.02)
    assert run_command(PREDICT, model, folder, "--csv", tmp_path / "flat.csv") == 0
    assert len(rows_of(tmp_path / "flat.csv")) == 1 + 6


def test_a_stopped_run_goes_on(model, folder, tmp_path, capsys):
    whole, cut = tmp_path / "whole.csv", tmp_path / "cut.csv"
    flags = [model, folder, "--recursive", "--csv"]
    assert run_command(PREDICT, *flags, whole) == 0
    contents = whole.read_bytes()
    lines = contents.splitlines(keepends=True)
    for kept in (0, len(lines[0]) - 3, sum(map(len, lines[:4])), sum(map(len, lines[:4])) + 9):
        cut.write_bytes(contents[:kept])
        assert run_command(PREDICT, *flags, cut) == 0
        assert cut.read_bytes() == contents
    assert "3 images are in" in capsys.readouterr().out
    assert run_command(PREDICT, *flags, cut) == 0 and cut.read_bytes() == contents
    assert run_command(PREDICT, *flags, cut, "--top", 1) == 2
    assert "other columns" in capsys.readouterr().err and cut.read_bytes() == contents


def test_predictions_of_two_models_are_not_mixed(model, folder, tmp_path, capsys):
    out, flags = tmp_path / "out.csv", (folder, "--recursive", "--csv", tmp_path / "out.csv")
    assert run_command(PREDICT, model, *flags) == 0
    contents = out.read_bytes()
    out.write_bytes(contents[: len(contents) // 2])
    cut = out.read_bytes()
    other = color_model()
    other.get_layer("head").set_weights([-np.eye(3), np.zeros(3)])
    serving.save(other, None, ("blue", "green", "red"), tmp_path / "other.keras")
    for more, words in (
        ([tmp_path / "other.keras", *flags], "was begun with another model: give another file"),
        ([model, *flags, "--tta", "flip"], "another tta"),
        ([tmp_path / "other.keras", *flags, "--exif", "ignore"], "another model and exif"),
    ):
        assert run_command(PREDICT, *more) == 2
        assert words in capsys.readouterr().err and out.read_bytes() == cut
    (tmp_path / "copy").mkdir()
    copied = shutil.copy(model, tmp_path / "copy" / "model.keras")
    assert run_command(PREDICT, os.path.dirname(copied), *flags) == 0
    assert out.read_bytes() == contents


def test_a_csv_without_its_note_is_continued_with_a_warning(model, folder, tmp_path):
    flags = (model, folder, "--csv", tmp_path / "out.csv")
    assert run_command(PREDICT, *flags) == 0
    contents = (tmp_path / "out.csv").read_bytes()
    for damaged in (None, "[", "3"):
        (tmp_path / "out.csv.json").unlink()
        if damaged is not None:
            (tmp_path / "out.csv.json").write_text(damaged)
        with pytest.warns(UserWarning, match="by which model it was begun"):
            assert run_command(PREDICT, *flags) == 0
        assert (tmp_path / "out.csv").read_bytes() == contents
        assert "model" in json.loads((tmp_path / "out.csv.json").read_text())


def test_rows_are_written_as_images_are_predicted(model, folder, tmp_path, monkeypatch):
    """A run that is killed has what was predicted before."""
    monkeypatch.setattr("kerasrecipes.serving.classifier.IMAGES_AT_ONCE", 2)
    read, out, seen = image_files.read_image, tmp_path / "out.csv", []

    def reading(file, *args):
        seen.append(len(rows_of(out)) - 1)
        return read(file, *args)

    monkeypatch.setattr(image_files, "read_image", reading)
    assert run_command(PREDICT, model, folder, "--recursive", "--csv", out) == 0
    assert seen[0] == 0 and seen[-1] >= 4 and seen == sorted(seen)


def test_bad_images_are_named_counted_and_skipped(model, folder, tmp_path, capsys):
    write(folder, {"bad.png": b"hello", "cut.jpg": encoded(draw(1))[:300]})
    flags = [model, folder, "--csv", tmp_path / "out.csv"]
    assert run_command(PREDICT, *flags) == 0
    error = capsys.readouterr().err
    assert "bad.png: not an image" in error and "cut.jpg" in error and "2 images were" in error
    assert len(rows_of(tmp_path / "out.csv")) == 1 + 6
    assert run_command(PREDICT, *flags, "--strict") == 2
    assert run_command(PREDICT, model, folder) == 0
    assert "2 images were" in capsys.readouterr().err
    assert run_command(PREDICT, model, folder, "--strict") == 2
    assert capsys.readouterr().out == ""
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    assert run_command(PREDICT, model, tmp_path / "empty") == 2
    assert "no image files" in capsys.readouterr().err


def asymmetric_model(size):
    """Says how bright the left half of the network's image is; preprocessing inside."""
    inputs = keras.Input((size, size, 3))
    left = keras.layers.Cropping2D(((0, 0), (0, size // 2)))(inputs)
    means = keras.layers.GlobalAveragePooling2D()(left)
    outputs = keras.layers.Dense(3, "softmax", name="head")(means)
    network = keras.Model(inputs, outputs)
    network.get_layer("head").set_weights([np.eye(3), np.zeros(3)])
    pixels = layers.ImagePreprocessing(size, size + 4, mean=[100.0] * 3, std=[50.0] * 3)
    return network, serving.named_model(serving.serving_model(network, pixels, 3), list("abc"))


@pytest.mark.slow
def test_views_are_averaged():
    network, model = asymmetric_model(12)
    classifier = serving.Classifier(model, ("a", "b", "c"), 3, (None, None))
    images = [np.asarray(draw(i, (40 + i % 2, 25))) for i in range(5)]
    crops = np.stack(
        [(augment.CenterCrop(12, 16, 3)(image).numpy() - 100) / 50 for image in images]
    )
    plain, mirrored = (network.predict(x, verbose=0) for x in (crops, crops[:, :, ::-1]))
    np.testing.assert_allclose(list(classifier.predict(images)), plain, atol=1e-5)
    flipped = list(classifier.predict(images, "flip"))
    np.testing.assert_allclose(flipped, (plain + mirrored) / 2, atol=1e-5)
    assert np.abs(plain - mirrored).max() > 0.01
    served = [model.predict(image[None], verbose=0)[0] for image in images]
    np.testing.assert_allclose(served, plain, atol=1e-3)  # the preprocessing inside the model
    ten = list(classifier.predict(images, "ten-crop"))
    for image, output in zip(images, ten):
        crops = (augment.TenCrop(12, (16,), 3)(image).numpy() - 100) / 50
        expected = network.predict(crops, verbose=0).mean(axis=0)
        np.testing.assert_allclose(output, expected, atol=1e-5)
    with pytest.raises(ValueError, match="views"):
        next(classifier.predict(images, "hundred"))
    with pytest.raises(ValueError, match="size of the network"):
        bare = serving.Classifier(color_model(), ("a", "b", "c"), 3, (None, None))
        next(bare.predict(images, "ten-crop"))


def test_views_and_exif_by_flags(tmp_path, capsys):
    asymmetric_model(12)[1].save(tmp_path / "model.keras")
    exif = Image.Exif()
    exif[274] = 3
    write(tmp_path, {"a.png": encoded(draw(3, (40, 25)), "PNG", exif=exif)})
    answers = {}
    for flags in ((), ("--tta", "flip"), ("--tta", "ten-crop"), ("--exif", "ignore")):
        command = [tmp_path / "model.keras", tmp_path / "a.png", *flags]
        assert run_command(PREDICT, *command) == 0
        answers[flags] = capsys.readouterr().out
    assert len(set(answers.values())) == 4


@pytest.mark.slow
def test_the_explanation_is_drawn(tmp_path, folder, monkeypatch):
    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, "softmax"),
        ]
    )
    pixels = layers.ImagePreprocessing(16, 16)
    served = serving.named_model(serving.serving_model(network, pixels, 3), ["a", "b"])
    served.save(tmp_path / "model.keras")
    out = tmp_path / "why.png"
    built, explainer = [], serving.explainer
    monkeypatch.setattr(serving, "explainer", lambda model: built.append(1) or explainer(model))
    assert run_command(PREDICT, tmp_path / "model.keras", folder, "--explain", out) == 0
    assert built == [1]  # not for each image
    with Image.open(out) as picture:
        assert min(picture.size) > 200
        assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 300


@pytest.mark.parametrize("thresholds", [[0.2, 0.3, 0.99], None])
def test_every_label_above_its_threshold(tmp_path, folder, thresholds, capsys):
    inputs = keras.Input((None, None, 3))
    means = keras.layers.GlobalAveragePooling2D()(inputs)
    outputs = keras.layers.Dense(3, "sigmoid", name="head")(means)
    network = keras.Model(inputs, outputs)
    network.get_layer("head").set_weights([np.eye(3) / 50, np.full(3, -2.5)])
    names = ["red", "green", "blue"]
    model = serving.named_model(network, names, "multilabel", thresholds)
    model.save(tmp_path / "model.keras")
    out = tmp_path / "out.csv"
    assert run_command(PREDICT, tmp_path / "model.keras", folder, "--csv", out) == 0
    header, *rows = rows_of(out)
    assert header == ["file", "labels", *names] and len(rows) == 6
    for file, labels, *values in rows:
        with Image.open(file) as image:
            mean = np.asarray(image, "float64").mean(axis=(0, 1))
        p = 1 / (1 + np.exp(2.5 - mean / 50))
        np.testing.assert_allclose(np.float64(values), p, atol=1e-4)
        expected = {n for n, v, t in zip(names, p, thresholds or [0.5] * 3) if v >= t}
        assert set(filter(None, labels.split(";"))) == expected
    assert run_command(PREDICT, tmp_path / "model.keras", os.fspath(folder / "0.png")) == 0
    assert capsys.readouterr().out.count("0.png") >= 1
