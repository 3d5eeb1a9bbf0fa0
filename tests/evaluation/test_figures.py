"""Every picture draws for few and many classes, and says what it should."""

import io

import numpy as np
import pytest
from PIL import Image

from kerasrecipes.evaluation import figure_png, figures
from kerasrecipes.experiment.report import report_html


def pixels(figure):
    return np.asarray(Image.open(io.BytesIO(figure_png(figure, 50))).convert("RGB"))


@pytest.mark.parametrize("classes", [2, 10, 25, 200])
def test_confusion_of_few_and_many_classes(classes):
    matrix = np.eye(classes, dtype=int) * 7
    matrix[0, 1] = 3
    figure = figures.confusion_figure(matrix, [f"class {i}" for i in range(classes)])
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == (["7", "3"] + ["7"] * (classes - 1) if classes <= 20 else [])
    share = 7 * classes / (7 * classes + 3)
    assert f"{share:.1%}" in figure.axes[0].get_title()
    assert pixels(figure).std() > 5


def test_samples_keep_their_pixels_in_grey_and_colour():
    red = np.zeros((6, 6, 3))
    red[..., 0] = 255
    figure = figures.image_grid([red, np.full((6, 6, 1), 300.0)], ["red", "white"], columns=2)
    first, second = (axes.images[0].get_array() for axes in figure.axes)
    np.testing.assert_array_equal(first[0, 0], [255, 0, 0])
    assert second.shape == (6, 6) and second.max() == 255
    assert [axes.get_title() for axes in figure.axes] == ["red", "white"]


def test_no_samples_is_an_empty_picture():
    picture = pixels(figures.image_grid([], []))
    assert (picture == 255).all() and min(picture.shape[:2]) > 50


@pytest.mark.parametrize("epochs", [0, 1, 3])
def test_history_of_few_epochs(epochs):
    history = {"accuracy": [0.5] * epochs, "loss": [1.0] * epochs, "learning_rate": [0.1] * epochs}
    figure = figures.history_figure(history, "test")
    assert [axes.get_title() for axes in figure.axes] == ["loss", "accuracy", "learning rate"]
    assert pixels(figure).shape[0] > 50


def test_report_escapes_what_it_is_given():
    page = report_html("<b>", ["a & b"], [("t", ["<h>"], [["<c>", "1.5"]])], [("f", "c", b"png")])
    assert "&lt;b&gt;" in page and "a &amp; b" in page and "&lt;h&gt;" in page
    assert '<td class="number">1.5</td>' in page and "&lt;c&gt;" in page
    assert "data:image/png;base64,cG5n" in page


def test_class_names_are_plain_text():
    names = ["$a_$", "caf\udce9", r"\frac{"]
    assert pixels(figures.confusion_figure(np.eye(3, dtype=int), names)).std() > 5
    captions = [figures.shorten(name, 16) for name in names]
    assert pixels(figures.image_grid([np.zeros((4, 4, 1))] * 3, captions)).std() > 5


@pytest.mark.parametrize("count, most", [(1, 1), (5, 3), (9, 12)])
def test_predictions_show_each_image_with_its_classes(count, most):
    images = [np.full((10 + i, 30, 3), 10 * i, "uint8") for i in range(count)]
    tops = [[(f"class $_{k}", 0.5 / (k + 1)) for k in range(most)] for _ in images]
    figure = figures.predictions_figure(images, tops, [f"photo_{i}.jpg" for i in range(count)])
    assert [a.get_title() for a in figure.axes if a.images] == [
        f"photo_{i}.jpg" for i in range(count)
    ]
    texts = [[text.get_text() for text in axes.texts] for axes in figure.axes if axes.texts]
    assert texts == [[t for n, p in top for t in (n, f"{p:.1%}")] for top in tops]
    assert pixels(figure).std() > 5


def test_calibration_shows_accuracy_by_bin_and_leaves_empty_bins_bare():
    bins = np.array([3, 0, 5]), np.array([0.2, np.nan, 0.9]), np.array([0.5, np.nan, 0.8])
    figure = figures.calibration_figure(bins)
    above, below = figure.axes
    assert [bar.get_height() for bar in above.patches] == [0.5, 0, 0.8]
    assert [bar.get_height() for bar in below.patches] == [3, 0, 5]
    assert pixels(figure).std() > 5
