"""Every picture draws for few and many classes, and says what it should."""

import io
import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from kerasrecipes import augment, data, evaluation
from kerasrecipes.evaluation import (
    TestResult,
    charts,
    figure_png,
    figures,
    history_figure,
    image_figures,
)
from kerasrecipes.experiment.report import report_html, table_html


def pixels(figure):
    return np.asarray(Image.open(io.BytesIO(figure_png(figure, 50))).convert("RGB"))


@pytest.mark.parametrize("classes", [2, 10, 25, 200])
def test_confusion_of_few_and_many_classes(classes):
    matrix = np.eye(classes, dtype=int) * 7
    matrix[0, 1] = 3
    figure = charts.confusion_figure(matrix, [f"class {i}" for i in range(classes)])
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == (["7", "3"] + ["7"] * (classes - 1) if classes <= 20 else [])
    share = 7 * classes / (7 * classes + 3)
    assert f"{share:.1%}" in figure.axes[0].get_title()
    assert pixels(figure).std() > 5


@pytest.mark.parametrize("most", [1, 2, 100])
def test_counts_are_read_on_their_colour(most):
    """A contrast of at least 4.5, as the WCAG 2 asks of text."""
    matrix = np.array([[most, 1], [0, most]])
    axes = charts.confusion_figure(matrix, ["cold", "warm"]).axes[0]
    colours = axes.images[0].to_rgba(np.maximum(matrix, 0.5))[..., :3]
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    light = linear @ [0.2126, 0.7152, 0.0722]
    for text in axes.texts:
        column, row = map(int, text.get_position())
        ends = sorted([light[row, column], {"white": 1.0, "black": 0.0}[text.get_color()]])
        assert (ends[1] + 0.05) / (ends[0] + 0.05) > 4.5, (most, text.get_text())


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
    assert (picture == 255).all() and min(picture.shape[:2]) > 10


@pytest.mark.parametrize("epochs", [0, 1, 3])
def test_history_of_few_epochs(epochs):
    history = {"accuracy": [0.5] * epochs, "loss": [1.0] * epochs, "learning_rate": [0.1] * epochs}
    figure = history_figure(history, "test")
    assert [axes.get_title() for axes in figure.axes] == ["loss", "accuracy", "learning rate"]
    assert pixels(figure).shape[0] > 50


def test_report_escapes_what_it_is_given():
    page = report_html(
        "<b>", "<r>", ["a & b", ("warning", "<w>")], [("f", "c", b"png")],
        [("t", ["<h>", "n"], [["<c>", "1.5"]])], [["<s>", "1"]],
    )  # fmt: skip
    assert "&lt;b&gt;" in page and "a &amp; b" in page and "&lt;h&gt;" in page
    assert "&lt;r&gt;" in page and "&lt;w&gt;" in page and "&lt;s&gt;" in page
    assert '<td class="number">1.5</td>' in page and "&lt;c&gt;" in page
    assert "data:image/png;base64,cG5n" in page
    assert 'name="viewport"' in page and page.index("base64") < page.index("<table>")
    assert page.index("<details>") < page.index("&lt;s&gt;") < page.index("</details>")


def test_a_wide_picture_of_a_report_can_be_enlarged():
    wide, narrow = (figures.figure_png(Figure(figsize=(side, 1))) for side in (9, 1))
    page = report_html("t", "r", [], [("a", "b", narrow), ("c", "d", wide)], [], [])
    first, second = page.split("<h2>")[1:]
    assert "Tap the picture" in second and "Tap the picture" not in first
    assert all('<label class="picture"><input type="checkbox"' in part for part in (first, second))


def test_a_png_has_no_empty_border():
    for figure in (
        charts.confusion_figure(np.eye(2, dtype=int), ["cold", "warm"]),
        figures.image_grid(np.zeros((0, 4, 4, 3)), [], "No mistake in 9 test images"),
    ):
        drawn = np.asarray(Image.open(io.BytesIO(figures.figure_png(figure))).convert("L")) < 250
        rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
        borders = rows[0], columns[0], len(drawn) - rows[-1], drawn.shape[1] - columns[-1]
        assert max(borders) < 50, borders


@pytest.mark.slow
def test_samples_say_whether_they_are_augmented():
    crop, images = (
        augment.CenterCrop(8),
        data.load((np.random.default_rng(0).integers(0, 256, (30, 8, 8, 3), "uint8"), [0, 1] * 15)),
    )
    for train, word in (([crop], "without"), ([crop, augment.RandomFlip()], "after")):
        figure = evaluation.samples_figure(images, train, 0)
        assert figure.get_suptitle() == f"Training images {word} augmentation"


def test_columns_are_aligned_by_their_kind():
    rows = [["python", "3.11.7", "-0.5", "", "none"], ["9 lives", "2", "1,000", "7", ""]]
    page = table_html(("a", "b", "c", "d", "e"), rows)
    numbers = re.findall('<t[dh] class="number">([^<]*)<', page)
    assert numbers == ["c", "d", "-0.5", "", "1,000", "7"]


def test_class_names_are_plain_text():
    names = ["$a_$", "caf\udce9", r"\frac{"]
    assert pixels(charts.confusion_figure(np.eye(3, dtype=int), names)).std() > 5
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
    figure = charts.calibration_figure(bins)
    above, below = figure.axes
    assert [bar.get_height() for bar in above.patches] == [0.5, 0, 0.8]
    assert [bar.get_height() for bar in below.patches] == [3, 0, 5]
    assert pixels(figure).std() > 5


def test_two_networks_share_a_panel_a_metric():
    names = ("loss", "slow_loss", "fast_loss", "slow_accuracy", "fast_accuracy")
    history = {key: [1.0, 0.5, 0.25] for name in names for key in (name, f"val_{name}")}
    history |= {"learning_rate_slow": [0.1] * 3, "learning_rate_fast": [0.2] * 3}
    figure = history_figure(history)
    assert [axes.get_title() for axes in figure.axes] == ["loss", "accuracy", "learning rate"]
    assert [len(axes.lines) for axes in figure.axes] == [4, 4, 2]
    for axes in figure.axes:
        labels = [text.get_text() for text in axes.get_legend().get_texts()]
        assert {label.split(",")[0] for label in labels} == {"slow", "fast"}
    assert pixels(figure).shape[1] < 700


def test_panels_of_other_metrics_begin_a_second_row():
    history = {name: [1.0, 2.0] for name in ("loss", "accuracy", "top_5", "learning_rate")}
    figure = history_figure(history)
    assert [axes.get_title() for axes in figure.axes[:4]] == [
        "loss", "accuracy", "top 5", "learning rate",
    ]  # fmt: skip
    assert not any(axes.axison for axes in figure.axes[4:])


class Images:
    class_names = ("circle", "square")
    validation = None

    def __init__(self, count):
        self.test = [(np.full((8, 8, 3), index, "uint8"), 0) for index in range(count)]


def result_of(right):
    probabilities = np.where(np.array(right)[:, None], [[0.9, 0.1]], [[0.2, 0.8]])
    return TestResult("t", 1, probabilities, np.zeros(len(right), int), 1.0)


@pytest.mark.parametrize(
    "wrong, words, shown",
    [
        (0, "No mistake in 40 test", 0),
        (1, "The only mistake in 40", 1),
        (3, "All 3 mistakes in 40", 3),
        (35, "The 32 most confident of 35 mistakes in 40", 32),
    ],
)
def test_few_mistakes_leave_no_empty_picture(wrong, words, shown):
    result = result_of([False] * wrong + [True] * (40 - wrong))
    figure = image_figures.mistakes_figure(Images(40), result, np.asarray)
    assert figure.get_suptitle().startswith(words)
    assert sum(bool(axes.images) for axes in figure.axes) == shown
    assert len(figure.axes) <= max(8, shown)
    if wrong == 1:
        assert len(figure.axes) == 1 and pixels(figure).shape[1] < 250


def test_right_predictions_are_evenly_spaced():
    figure = image_figures.right_figure(Images(40), result_of([True] * 39 + [False]), np.asarray)
    shown = [int(axes.images[0].get_array()[0, 0, 0]) for axes in figure.axes if axes.images]
    assert len(shown) == 16 and shown[0] == 0 and shown[-1] == 38
    assert figure.axes[0].get_title() == "circle 90%"
    none = image_figures.right_figure(Images(2), result_of([False, False]), np.asarray)
    assert none.get_suptitle().startswith("0 of 0 right predictions in 2")


@pytest.mark.parametrize("channels", [1, 3])
def test_thumbnails_are_antialiased_and_small_images_stay(channels):
    stripes = np.zeros((400, 300, channels), "uint8")
    stripes[:, ::2] = 200
    small = image_figures.thumbnail(stripes, 50)
    assert small.shape == (50, 37, channels)
    assert abs(small[:, 2:-2].astype(int) - 100).max() < 20, "a stride would show 0 or 200"
    assert image_figures.thumbnail(small, 50) is small
